import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import type { Id, Role } from '@insightdesk/shared/contract';
import {
  conversationEvents,
  getConversation,
  listConversations,
  createConversation,
  sendMessage,
  unassignFormerStaff,
  updateConversation,
} from '@insightdesk/shared/domain/desk/conversations';
import { addRole } from '@insightdesk/shared/domain/identity/roles';
import { changeRole, removeMember } from '@insightdesk/shared/domain/identity/users';
import { outbox } from '@insightdesk/shared/events';
import type { JobRequest } from '@insightdesk/shared/jobs';
import { createTestTenant, openTestStage, userOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import { notifyRecipients, sendMessageEmail } from './index.ts';
import type { emailMessage } from './jobs.ts';

// A database of its own: no worker runs there but this test, which else might mail first.
const { context, mailer, close } = await openTestStage();
afterAll(close);

type Errand = (typeof emailMessage.payload)['_output'];

const removed = (by: Context, userId: Id<'usr'>) => removeMember(by, { userId });
const kept = async (by: Context, userId: Id<'usr'>) => {
  const role = await addRole(by, { name: userId, base: 'agent', permissions: ['members:read'] });
  return changeRole(by, { userId, role: 'agent', roleId: role.id });
};
const demoted = (by: Context, userId: Id<'usr'>) => changeRole(by, { userId, role: 'customer' });

/** An organisation whose agent has one customer's conversation. */
async function setUp() {
  const { owner, member, tenantId } = await createTestTenant(context);
  const [agent, colleague, customer] = [
    await member('agent'),
    await member('agent'),
    await member('customer'),
  ];
  const { id } = await createConversation(customer, { subject: 'A lamp', body: 'It is broken' });
  await updateConversation(owner, { id, assigneeId: userOf(agent) });
  const requests: JobRequest[] = [];
  const job = {
    id: newId('evt'),
    tenantId,
    requestId: 'r',
    signal: AbortSignal.timeout(60_000),
    enqueue: async (more: JobRequest[]) => void requests.push(...more),
  };
  const system = systemContext(context, 'worker', job);
  const enqueued = () => requests.splice(0).map(({ payload }) => payload as Errand);
  const ask = async () => {
    const { message } = await sendMessage(customer, { id, body: `Hello? ${newId('evt')}` });
    return {
      messageId: message.id,
      conversationId: id,
      authorId: userOf(customer),
      customerId: userOf(customer),
      assigneeId: userOf(agent),
    };
  };
  const post = async (errands: Errand[]) => {
    mailer.sent.length = 0;
    for (const errand of errands) await sendMessageEmail(system, errand, job as never);
    return mailer.sent.map(({ to }) => to).toSorted();
  };
  const addresses = (...people: Context[]) =>
    people.map((one) => `${userOf(one)}@example.com`).toSorted();
  return {
    owner,
    member,
    agent,
    colleague,
    customer,
    id,
    job,
    system,
    enqueued,
    ask,
    post,
    addresses,
  };
}

test.each([
  ['removed', removed],
  ['demoted', demoted],
  ['kept from reading by a custom role', kept],
])('whoever was %s gets no mail of the conversation, and the others do', async (_, leave) => {
  const { owner, agent, colleague, job, system, enqueued, ask, post, addresses } = await setUp();
  const notify = async (notice: Awaited<ReturnType<typeof ask>>) => {
    await notifyRecipients(system, notice, job as never);
    return enqueued();
  };
  const early = await notify(await ask());
  expect(early).toMatchObject([{ recipientId: userOf(agent), alone: true }]);
  const notice = await ask();
  await leave(owner, userOf(agent));
  const rest = [userOf(owner), userOf(colleague)].toSorted();
  const recipients = (errands: Errand[]) => errands.map((one) => one.recipientId).toSorted();
  expect(recipients(await notify(notice))).toEqual(rest);
  // The mail that was on its way already goes to the others instead.
  expect(await post(early)).toEqual([]);
  const instead = enqueued();
  expect(recipients(instead)).toEqual(rest);
  const sent = await post(instead);
  expect(sent).toContain(addresses(colleague)[0] as string);
  expect(sent).toHaveLength(2);
});

test('a removed customer gets no answers any more', async () => {
  const { owner, colleague, customer, id, job, system, enqueued, post } = await setUp();
  const { message } = await sendMessage(colleague, { id, body: 'Try another bulb' });
  const people = { customerId: userOf(customer), authorId: userOf(colleague), assigneeId: null };
  const notice = { messageId: message.id, conversationId: id, ...people };
  await notifyRecipients(system, notice, job as never);
  const errands = enqueued();
  expect(errands).toMatchObject([{ recipientId: userOf(customer), alone: false }]);
  await removeMember(owner, { userId: userOf(customer) });
  expect(await post(errands)).toEqual([]);
  expect(enqueued()).toEqual([]);
});

test('its conversations are taken away, each told of, those of others and closed ones not', async () => {
  const { owner, agent, colleague, customer, id, job, system } = await setUp();
  const open = async (assignee: Context) => {
    const { id: fresh } = await createConversation(customer, { subject: 'S', body: 'B' });
    await updateConversation(owner, { id: fresh, assigneeId: userOf(assignee) });
    return fresh;
  };
  const [closed, other] = [await open(agent), await open(colleague)];
  await updateConversation(owner, { id: closed, status: 'closed' });
  const many = await Promise.all(Array.from({ length: 101 }, () => open(agent)));
  const payload = { userId: userOf(agent) };
  await unassignFormerStaff(system, payload, job);
  expect((await getConversation(owner, { id })).assigneeId).toBe(userOf(agent));
  await removeMember(owner, payload);
  await unassignFormerStaff(system, payload, job);
  await unassignFormerStaff(system, payload, job);
  for (const free of [id, ...many]) {
    expect((await getConversation(owner, { id: free })).assigneeId).toBeNull();
  }
  expect((await getConversation(owner, { id: other })).assigneeId).toBe(userOf(colleague));
  const left = await listConversations(owner, { assigneeId: userOf(agent) });
  expect(left.items.map((one) => one.id)).toEqual([closed]);
  const told = await context.database.read({ tenantId: job.tenantId }, (tx) =>
    tx
      .select()
      .from(outbox)
      .where(eq(outbox.name, conversationEvents.conversationUpdated.name))
      .execute(),
  );
  const freed = told.filter(
    ({ payload: { conversation, previousAssigneeId } }: any) =>
      conversation.assigneeId === null && previousAssigneeId === userOf(agent),
  );
  expect(freed).toHaveLength(many.length + 1);
});

test.each(['removed', 'demoted'])(
  'at the same moment as being %s nobody is chosen',
  async (how) => {
    const { owner, member, customer, job, system } = await setUp();
    for (let i = 0; i < 10; i++) {
      const late = userOf(await member('agent' satisfies Role));
      const { id } = await createConversation(customer, { subject: 'S', body: 'B' });
      const leave = how === 'removed' ? removed : demoted;
      const [chosen] = await Promise.allSettled([
        updateConversation(owner, { id, assigneeId: late }),
        leave(owner, late),
      ]);
      await unassignFormerStaff(system, { userId: late }, job);
      expect([chosen.status, (await getConversation(owner, { id })).assigneeId]).toEqual([
        chosen.status,
        null,
      ]);
    }
  },
);
