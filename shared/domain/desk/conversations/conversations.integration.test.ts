import { afterAll, describe, expect, test } from 'bun:test';
import type { Context, MemberContext } from '@insightdesk/shared/context';
import { uploadAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { outbox } from '@insightdesk/shared/events';
import { createTestContext, createTestTenant, until, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  canReadConversation,
  createConversation,
  getConversation,
  getMessage,
  listConversations,
  listMessages,
  sendMessage,
  unsnoozeConversation,
  updateConversation,
} from './index.ts';

const { context, close } = createTestContext();
const { owner, member } = await createTestTenant(context);
const [agent, customer, otherCustomer] = [
  await member('agent'),
  await member('customer'),
  await member('customer'),
];
const otherTenant = (await createTestTenant(context)).owner;
afterAll(close);

const create = (by = customer) =>
  createConversation(by, { subject: 'A lamp', body: 'It is broken' });
const notFound = { status: 404, code: 'NOT_FOUND' };

async function recorded(ctx: Context): Promise<string[]> {
  const { tenantId } = ctx;
  if (!tenantId) throw new Error('No tenant');
  const rows = await ctx.database.read({ tenantId }, (tx) =>
    tx.select({ name: outbox.name }).from(outbox).orderBy(outbox.position),
  );
  return rows.map(({ name }) => name);
}

test('concurrent conversations get consecutive numbers within an organization', async () => {
  const { owner: fresh } = await createTestTenant(context);
  const opened = await Promise.all(Array.from({ length: 8 }, () => create(fresh)));
  expect(opened.map(({ number }) => number).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  const names = await recorded(fresh);
  expect(names.filter((name) => name === 'conversation.created')).toHaveLength(8);
  expect(names.filter((name) => name === 'message.created')).toHaveLength(8);
});

test('concurrent messages with the same clientMessageId are sent once', async () => {
  const { id } = await create();
  const draft = { id, body: 'Hello?', clientMessageId: 'c-1' };
  const sent = await Promise.all(Array.from({ length: 6 }, () => sendMessage(customer, draft)));
  expect(new Set(sent.map(({ message }) => message.id)).size).toBe(1);
  expect(sent.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect((await getConversation(agent, { id })).messageCount).toBe(2);
});

test('a note changes nothing that its customer sees', async () => {
  const { id } = await create();
  const before = await getConversation(customer, { id });
  await sendMessage(agent, { id, kind: 'note', body: 'between us' });
  expect(await getConversation(customer, { id })).toEqual(before);
  expect((await getConversation(agent, { id })).messageCount).toBe(2);
  expect((await listMessages(customer, { id })).items).toHaveLength(1);
  expect((await listMessages(agent, { id })).items.map(({ kind }) => kind)).toEqual([
    'note',
    'reply',
  ]);
  await expect(sendMessage(customer, { id, kind: 'note', body: 'x' })).rejects.toMatchObject({
    status: 403,
  });
});

test('pages of messages are newest first, without gaps or duplicates', async () => {
  const { id } = await create();
  for (let n = 1; n <= 6; n++) await sendMessage(customer, { id, body: `${n}` });
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof listMessages>> = await listMessages(agent, {
      id,
      limit: 3,
      ...(cursor && { cursor }),
    });
    seen.push(...page.items.map(({ body }) => body));
    cursor = page.nextCursor;
  } while (cursor);
  expect(seen).toEqual(['6', '5', '4', '3', '2', '1', 'It is broken']);
});

test('a page of long messages is limited in bytes, and the message itself has its whole body', async () => {
  const { id } = await create();
  const body = '\u0001'.repeat(50_000);
  for (let n = 0; n < 20; n++) await sendMessage(customer, { id, body });
  const bodies: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof listMessages>> = await listMessages(customer, {
      id,
      limit: 100,
      ...(cursor && { cursor }),
    });
    expect(JSON.stringify(page).length).toBeLessThan(600_000);
    for (const { body, truncated } of page.items) expect(truncated).toBe(body.length === 10_000);
    bodies.push(...page.items.map((message) => message.body));
    cursor = page.nextCursor;
  }
  expect(bodies).toHaveLength(21);
  const [newest] = (await listMessages(agent, { id, limit: 1 })).items;
  expect(newest).toMatchObject({ body: body.slice(0, 10_000), truncated: true });
  const messageId = newest?.id ?? newId('msg');
  expect((await getMessage(customer, { id, messageId })).body).toBe(body);
  const note = await sendMessage(agent, { id, kind: 'note', body: 'between us' });
  for (const [reader, key] of [
    [customer, { id, messageId: note.message.id }],
    [otherCustomer, { id, messageId }],
    [agent, { id: (await create()).id, messageId }],
    [otherTenant, { id, messageId }],
  ] as const) {
    await expect(getMessage(reader, key)).rejects.toMatchObject(notFound);
  }
});

describe('visibility', () => {
  test('other tenants and other customers get 404 for every action', async () => {
    const { id } = await create();
    for (const outsider of [otherTenant, otherCustomer]) {
      await expect(getConversation(outsider, { id })).rejects.toMatchObject(notFound);
      await expect(listMessages(outsider, { id })).rejects.toMatchObject(notFound);
      await expect(sendMessage(outsider, { id, body: 'x' })).rejects.toMatchObject(notFound);
      expect(await canReadConversation(outsider as MemberContext, id)).toBe(false);
    }
    const page = await listConversations(otherTenant, {});
    expect(page.items).toEqual([]);
    expect((await listConversations(otherCustomer, {})).items).toEqual([]);
    expect((await listConversations(customer, {})).items.length).toBeGreaterThan(0);
  });
});

describe('updateConversation', () => {
  test('allowed status transitions succeed, others are 409, and closed is final', async () => {
    const { id } = await create();
    const to = (status: 'open' | 'pending' | 'resolved' | 'closed') =>
      updateConversation(agent, { id, status });
    expect((await to('pending')).status).toBe('pending');
    expect((await to('resolved')).status).toBe('resolved');
    await expect(to('pending')).rejects.toMatchObject({ status: 409, code: 'INVALID_TRANSITION' });
    expect((await to('closed')).status).toBe('closed');
    await expect(to('open')).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
    await expect(sendMessage(customer, { id, body: 'still?' })).rejects.toMatchObject({
      status: 409,
      code: 'CONVERSATION_CLOSED',
    });
  });

  test('a message of the customer reopens a resolved conversation', async () => {
    const { id } = await create();
    await updateConversation(agent, { id, status: 'resolved' });
    await sendMessage(customer, { id, body: 'It is broken again' });
    expect((await getConversation(agent, { id })).status).toBe('open');
  });

  test('snoozing requires a future date and ends at that date', async () => {
    const { id } = await create();
    await expect(updateConversation(agent, { id, status: 'snoozed' })).rejects.toMatchObject({
      status: 422,
    });
    const snoozedUntil = new Date(Date.now() + 3_000).toISOString();
    expect(await updateConversation(agent, { id, snoozedUntil })).toMatchObject({
      status: 'snoozed',
      snoozedUntil,
    });
    const system: Context = { ...owner, actor: { kind: 'system', name: 'test' } };
    await unsnoozeConversation(system, { conversationId: id });
    expect((await getConversation(agent, { id })).status).toBe('snoozed');
    await until(() => Date.now() > Date.parse(snoozedUntil) + 100);
    await unsnoozeConversation(system, { conversationId: id });
    expect(await getConversation(agent, { id })).toMatchObject({
      status: 'open',
      snoozedUntil: null,
    });
  });

  test('only active staff can be assigned, tags are deduplicated, and an empty update adds no version', async () => {
    const { id, version } = await create();
    const assignee = userIdOf(agent);
    const changed = await updateConversation(owner, { id, assigneeId: assignee, tags: ['a', 'a'] });
    expect(changed).toMatchObject({ assigneeId: assignee, tags: ['a'], version: version + 1 });
    expect((await updateConversation(owner, { id })).version).toBe(version + 1);
    for (const assigneeId of [userIdOf(customer), userIdOf(otherTenant), newId('usr')]) {
      await expect(updateConversation(owner, { id, assigneeId })).rejects.toMatchObject({
        status: 422,
        errors: [{ path: 'assigneeId' }],
      });
    }
    await expect(updateConversation(customer, { id, tags: [] })).rejects.toMatchObject({
      status: 403,
    });
  });

  test('a customer neither sees tags nor filters by them', async () => {
    const { id } = await create();
    await updateConversation(agent, { id, tags: ['difficult'] });
    await sendMessage(customer, { id, body: 'Hello?' });
    const views = [
      await getConversation(customer, { id }),
      ...(await listConversations(customer, {})).items,
    ];
    expect(views.map(({ tags }) => tags)).toEqual(views.map(() => []));
    expect((await getConversation(agent, { id })).tags).toEqual(['difficult']);
    for (const tag of ['difficult', 'unknown']) {
      await expect(listConversations(customer, { tag })).rejects.toMatchObject({ status: 403 });
    }
  });

  test('listConversations filters by status, priority, tag, assignee and subject', async () => {
    const { owner: fresh, member } = await createTestTenant(context);
    const asker = await member('customer');
    const one = await createConversation(asker, { subject: '100% wool', body: 'x' });
    const two = await createConversation(asker, {
      subject: 'other',
      body: 'x',
      priority: 'urgent',
    });
    await updateConversation(fresh, { id: two.id, tags: ['vip'], status: 'pending' });
    const ids = async (filter: object) =>
      (await listConversations(fresh, filter)).items.map(({ id }) => id);
    expect(await ids({})).toEqual([two.id, one.id]);
    expect(await ids({ status: 'open' })).toEqual([one.id]);
    expect(await ids({ priority: 'urgent' })).toEqual([two.id]);
    expect(await ids({ tag: 'vip' })).toEqual([two.id]);
    expect(await ids({ q: '100%' })).toEqual([one.id]);
    expect(await ids({ q: '%' })).toEqual([one.id]);
    expect(await ids({ assigneeId: newId('usr') })).toEqual([]);
    const { nextCursor } = await listConversations(fresh, { limit: 1 });
    expect(await ids({ limit: 1, cursor: nextCursor ?? '' })).toEqual([one.id]);
    await expect(listConversations(fresh, { cursor: 'nonsense' })).rejects.toMatchObject({
      status: 422,
    });
  });
});

describe('attachments', () => {
  const upload = (by: Context) =>
    uploadAttachment(by, {
      name: 'notes.txt',
      contentType: 'text/plain',
      body: new Blob(['hello']).stream(),
    });

  test('an upload is claimed once and by its uploader only', async () => {
    const { id } = await upload(customer);
    const foreign = await upload(agent);
    const send = (attachmentIds: `att_${string}`[]) =>
      createConversation(customer, { subject: 's', body: 'b', attachmentIds });
    const refused = { status: 422, code: 'ATTACHMENT_NOT_AVAILABLE' };
    await expect(send([id, foreign.id])).rejects.toMatchObject(refused);
    await expect(send([newId('att')])).rejects.toMatchObject(refused);
    const conversation = await send([id]);
    await expect(send([id])).rejects.toMatchObject(refused);
    const [message] = (await listMessages(agent, { id: conversation.id })).items;
    expect(message?.attachments.map((attachment) => attachment.id)).toEqual([id]);
  });
});

test('text that PostgreSQL cannot store is rejected or replaced, never a 500', async () => {
  const nul = createConversation(customer, { subject: 'a\0b', body: 'x' });
  await expect(nul).rejects.toThrow('NUL');
  const lines = createConversation(customer, { subject: 'a\nBcc: b', body: 'x' });
  await expect(lines).rejects.toThrow('one line');
  const { id } = await createConversation(customer, { subject: 'lone \ud800', body: 'x' });
  expect((await getConversation(customer, { id })).subject).toBe('lone \ufffd');
});
