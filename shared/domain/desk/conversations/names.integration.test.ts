import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { updateOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { outbox } from '@insightdesk/shared/events';
import { createTestContext, createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import {
  createConversation,
  getConversation,
  listConversations,
  listMessages,
  readConversation,
  sendMessage,
  updateConversation,
} from './index.ts';

const { context, close } = createTestContext();
afterAll(close);

async function createParties() {
  const { owner, member } = await createTestTenant(context);
  const [agent, customer] = [await member('agent'), await member('customer')];
  const { id } = await createConversation(customer, { subject: 'A lamp', body: 'It is broken' });
  return { owner, agent, customer, member, id };
}

async function eventsOf(ctx: Context, name: string) {
  const { tenantId } = ctx;
  if (!tenantId) throw new Error('No tenant');
  const rows = await ctx.database.read({ tenantId }, (tx) =>
    tx.select({ name: outbox.name, payload: outbox.payload }).from(outbox).orderBy(outbox.position),
  );
  return rows.filter((row) => row.name === name).map(({ payload }) => payload);
}

test('a conversation and its messages name people; customers see display names of staff only', async () => {
  const { owner, agent, customer, id } = await createParties();
  const reply = `${'x'.repeat(199)}\u{1F600}y`;
  await updateConversation(owner, { id, assigneeId: userIdOf(agent) });
  const { message } = await sendMessage(agent, { id, body: reply });
  await sendMessage(agent, { id, kind: 'note', body: 'between us' });
  const [customerId, agentId] = [userIdOf(customer), userIdOf(agent)];
  const seen = await getConversation(owner, { id });
  const { name } = seen.assignee ?? {};
  expect(message.author).toEqual({ id: agentId, name: name ?? '', role: 'agent' });
  expect(seen).toMatchObject({
    customer: { id: customerId, role: 'customer' },
    assignee: { id: agentId, role: 'agent' },
    lastMessage: {
      id: message.id,
      author: { id: agentId },
      excerpt: `${'x'.repeat(199)}\u{1F600}`,
      createdAt: message.createdAt,
    },
  });
  for (const [change, shown] of [
    [{ staffNames: 'full' }, name],
    [{ staffNames: 'first' }, name?.split(' ')[0]],
    [{ staffNames: 'team', teamName: 'Support' }, 'Support'],
    [{ teamName: null }, 'A tenant'],
  ] as const) {
    const { name: organization } = await updateOrganization(owner, change);
    const person = {
      id: agentId,
      name: shown === 'A tenant' ? organization : shown,
      role: 'agent',
    };
    const [listed] = (await listConversations(customer, {})).items;
    const [newest] = (await listMessages(customer, { id })).items;
    expect(await getConversation(customer, { id })).toEqual(listed as never);
    expect(listed?.assignee).toEqual(person as never);
    expect(listed?.lastMessage?.author).toEqual(person as never);
    expect(newest?.author).toEqual(person as never);
    expect((await getConversation(agent, { id })).assignee?.name).toBe(name ?? '');
  }
  const [created] = await eventsOf(owner, 'conversation.created');
  expect(created).toMatchObject({
    people: {
      customer: { id: customerId },
      assignee: null,
      lastMessage: { excerpt: 'It is broken' },
    },
    staffNaming: { show: 'full' },
  });
});

test('unread messages: of staff all, of customers replies; sending marks all as read', async () => {
  const { owner, agent, customer, id } = await createParties();
  const unread = async () =>
    Promise.all(
      [owner, agent, customer].map(async (as) => (await getConversation(as, { id })).unreadCount),
    );
  expect(await unread()).toEqual([1, 1, 0]);
  const { message } = await sendMessage(agent, { id, body: 'one' });
  await sendMessage(agent, { id, kind: 'note', body: 'a note' });
  await sendMessage(agent, { id, body: 'two' });
  expect(await unread()).toEqual([4, 0, 2]);
  expect(await readConversation(customer, { id, messageId: message.id })).toEqual({
    unreadCount: 1,
  });
  expect(await readConversation(owner, { id, messageId: message.id })).toEqual({ unreadCount: 2 });
  expect((await listConversations(owner, {})).items).toMatchObject([{ unreadCount: 2 }]);
  expect(await readConversation(owner, { id })).toEqual({ unreadCount: 0 });
  expect(await readConversation(owner, { id, messageId: message.id })).toEqual({ unreadCount: 0 });
  await sendMessage(customer, { id, body: 'three' });
  expect(await unread()).toEqual([1, 1, 0]);
  // What was read already is no event.
  const events = await eventsOf(owner, 'conversation.read');
  expect(events).toMatchObject([
    { userId: userIdOf(customer), unreadCount: 1 },
    { userId: userIdOf(owner), unreadCount: 2 },
    { userId: userIdOf(owner), unreadCount: 0 },
  ]);
});

test('readConversation: concurrent replies and reads stay exact; a note of others is unknown to customers', async () => {
  const { agent, customer, id } = await createParties();
  const note = await sendMessage(agent, { id, kind: 'note', body: 'a note' });
  const read = readConversation(customer, { id, messageId: note.message.id });
  await expect(read).rejects.toMatchObject({ status: 404 });
  await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      n % 2 ? readConversation(customer, { id }) : sendMessage(agent, { id, body: `${n}` }),
    ),
  );
  const { messageCount, unreadCount } = await getConversation(customer, { id });
  expect(messageCount).toBe(6);
  const newest = await listMessages(customer, { id, limit: 1 });
  expect(await readConversation(customer, { id, messageId: newest.items[0]?.id })).toEqual({
    unreadCount: 0,
  });
  expect(unreadCount).toBeLessThanOrEqual(5);
});

test('listConversations: unassigned, several statuses, of a customer, by activity and searched', async () => {
  const { owner, agent, customer, member, id } = await createParties();
  const other = await member('customer');
  const second = await createConversation(other, { subject: 'A table lamp', body: 'Broken' });
  const third = await createConversation(other, { subject: 'A chair', body: 'Broken' });
  await updateConversation(owner, { id: second.id, assigneeId: userIdOf(agent), tags: ['vip'] });
  await updateConversation(owner, { id: third.id, status: 'pending' });
  await sendMessage(agent, { id, body: 'We look into it' });
  const idsOf = async (filters: Parameters<typeof listConversations>[1], as = owner) => {
    const ids: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof listConversations>> = await listConversations(as, {
        ...filters,
        limit: 1,
        ...(cursor && { cursor }),
      });
      ids.push(...page.items.map((one) => one.id));
      cursor = page.nextCursor;
    }
    return ids;
  };
  const otherId = userIdOf(other);
  for (const q of [{}, { q: 'a' }]) {
    expect(await idsOf({ ...q })).toEqual([third.id, second.id, id]);
    expect(await idsOf({ ...q, sort: 'activity' })).toEqual([id, third.id, second.id]);
    expect(await idsOf({ ...q, assigneeId: 'none' })).toEqual([third.id, id]);
    expect(await idsOf({ ...q, assigneeId: 'none', status: 'pending,closed' })).toEqual([third.id]);
    expect(await idsOf({ ...q, status: 'open,pending', sort: 'activity' })).toHaveLength(3);
    expect(await idsOf({ ...q, status: 'open,pending,snoozed,resolved,closed' })).toHaveLength(3);
    expect(await idsOf({ ...q, status: 'open,open' })).toEqual([second.id, id]);
    expect(await idsOf({ ...q, customerId: otherId, status: 'open,closed' })).toEqual([second.id]);
    expect(await idsOf({ ...q, customerId: otherId, assigneeId: 'none' })).toEqual([third.id]);
    expect(await idsOf({ ...q, tag: 'vip', sort: 'activity' })).toEqual([second.id]);
    expect(await idsOf({ ...q, sort: 'activity' }, other)).toEqual([third.id, second.id]);
    expect(await idsOf({ ...q, assigneeId: 'none' }, customer)).toEqual([id]);
  }
});
