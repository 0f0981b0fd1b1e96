import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import type { Id, Role } from '@insightdesk/shared/contract';
import {
  conversationEvents,
  createConversation,
  getConversation,
  listConversations,
  sendMessage,
  unassignFormerStaff,
  updateConversation,
} from '@insightdesk/shared/domain/desk/conversations';
import { createRole } from '@insightdesk/shared/domain/identity/roles';
import { removeMember, updateMember } from '@insightdesk/shared/domain/identity/users';
import { outbox } from '@insightdesk/shared/events';
import type { JobRequest } from '@insightdesk/shared/jobs';
import { createIsolatedTestContext, createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import { notifyRecipients, sendPending } from './index.ts';
import type { emailPending } from './jobs.ts';

// An own database, where no running worker takes the jobs.
const { context, mailer, close } = await createIsolatedTestContext();
afterAll(close);

type EmailJob = (typeof emailPending.payload)['_output'];

const remove = (by: Context, userId: Id<'usr'>) => removeMember(by, { userId });
const restrict = async (by: Context, userId: Id<'usr'>) => {
  const role = await createRole(by, { name: userId, base: 'agent', permissions: ['members:read'] });
  return updateMember(by, { userId, role: 'agent', roleId: role.id });
};
const demote = (by: Context, userId: Id<'usr'>) => updateMember(by, { userId, role: 'customer' });

/** An organization with a customer's conversation that is assigned to an agent. */
async function setUp() {
  const { owner, member, tenantId } = await createTestTenant(context);
  const [agent, colleague, customer] = [
    await member('agent'),
    await member('agent'),
    await member('customer'),
  ];
  const { id } = await createConversation(customer, { subject: 'A lamp', body: 'It is broken' });
  await updateConversation(owner, { id, assigneeId: userIdOf(agent) });
  const requests: JobRequest[] = [];
  const job = {
    id: newId('evt'),
    tenantId,
    requestId: 'r',
    signal: AbortSignal.timeout(60_000),
    enqueue: async (more: JobRequest[]) => void requests.push(...more),
  };
  const system = systemContext(context, 'worker', job);
  const enqueued = () => requests.splice(0).map(({ payload }) => payload as EmailJob);
  const sendFromCustomer = async () => {
    const { message } = await sendMessage(customer, { id, body: `Hello? ${newId('evt')}` });
    return {
      messageId: message.id,
      conversationId: id,
      authorId: userIdOf(customer),
      customerId: userIdOf(customer),
      assigneeId: userIdOf(agent),
    };
  };
  const sendEmails = async (payloads: EmailJob[]) => {
    mailer.sent.length = 0;
    for (const payload of payloads) await sendPending(system, payload, job as never);
    return mailer.sent.map(({ to }) => to).toSorted();
  };
  const addressOf = (user: Context) => `${userIdOf(user)}@example.com`;
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
    sendFromCustomer,
    sendEmails,
    addressOf,
  };
}

test.each([
  ['removed', remove],
  ['demoted', demote],
  ['restricted by a custom role', restrict],
])('an assignee who was %s gets no email, and other staff does instead', async (_, leave) => {
  const { owner, agent, colleague, job, system, enqueued, ...desk } = await setUp();
  const { sendFromCustomer, sendEmails, addressOf } = desk;
  const notify = async (notice: Awaited<ReturnType<typeof sendFromCustomer>>) => {
    await notifyRecipients(system, notice, job as never);
    return enqueued();
  };
  const early = await notify(await sendFromCustomer());
  expect(early).toMatchObject([{ userId: userIdOf(agent) }]);
  const notice = await sendFromCustomer();
  await leave(owner, userIdOf(agent));
  const rest = [userIdOf(owner), userIdOf(colleague)].toSorted();
  const recipients = (jobs: EmailJob[]) => jobs.map(({ userId }) => userId).toSorted();
  const jobs = await notify(notice);
  expect(recipients(jobs)).toEqual(rest);
  // Messages that were pending for the assignee join the emails to the others instead.
  expect(await sendEmails(early)).toEqual([]);
  expect(recipients(enqueued())).toEqual(rest);
  const sent = await sendEmails(jobs);
  expect(mailer.sent[0]?.text.match(/Hello\?/g)).toHaveLength(2);
  expect(sent).toContain(addressOf(colleague));
  expect(sent).toHaveLength(2);
});

test('a removed customer gets no emails', async () => {
  const { owner, colleague, customer, id, job, system, enqueued, sendEmails } = await setUp();
  const { message } = await sendMessage(colleague, { id, body: 'Try another bulb' });
  const people = {
    customerId: userIdOf(customer),
    authorId: userIdOf(colleague),
    assigneeId: null,
  };
  const notice = { messageId: message.id, conversationId: id, ...people };
  await notifyRecipients(system, notice, job as never);
  const jobs = enqueued();
  expect(jobs).toMatchObject([{ userId: userIdOf(customer) }]);
  await removeMember(owner, { userId: userIdOf(customer) });
  expect(await sendEmails(jobs)).toEqual([]);
  expect(enqueued()).toEqual([]);
});

test('open conversations of former staff are unassigned and published, closed and other ones are not', async () => {
  const { owner, agent, colleague, customer, id, job, system } = await setUp();
  const open = async (assignee: Context) => {
    const { id: fresh } = await createConversation(customer, { subject: 'S', body: 'B' });
    await updateConversation(owner, { id: fresh, assigneeId: userIdOf(assignee) });
    return fresh;
  };
  const [closed, other] = [await open(agent), await open(colleague)];
  await updateConversation(owner, { id: closed, status: 'closed' });
  const many = await Promise.all(Array.from({ length: 101 }, () => open(agent)));
  const payload = { userId: userIdOf(agent) };
  await unassignFormerStaff(system, payload, job);
  expect((await getConversation(owner, { id })).assigneeId).toBe(userIdOf(agent));
  await removeMember(owner, payload);
  await unassignFormerStaff(system, payload, job);
  await unassignFormerStaff(system, payload, job);
  for (const free of [id, ...many]) {
    expect((await getConversation(owner, { id: free })).assigneeId).toBeNull();
  }
  expect((await getConversation(owner, { id: other })).assigneeId).toBe(userIdOf(colleague));
  const left = await listConversations(owner, { assigneeId: userIdOf(agent) });
  expect(left.items.map((conversation) => conversation.id)).toEqual([closed]);
  const updates = await context.database.read({ tenantId: job.tenantId }, (tx) =>
    tx
      .select()
      .from(outbox)
      .where(eq(outbox.name, conversationEvents.conversationUpdated.name))
      .execute(),
  );
  const unassigned = updates.filter(
    ({ payload: { conversation, previousAssigneeId } }: any) =>
      conversation.assigneeId === null && previousAssigneeId === userIdOf(agent),
  );
  expect(unassigned).toHaveLength(many.length + 1);
});

test.each(['removed', 'demoted'])(
  'a member who is %s at the same time does not stay assigned',
  async (how) => {
    const { owner, member, customer, job, system } = await setUp();
    for (let i = 0; i < 10; i++) {
      const late = userIdOf(await member('agent' satisfies Role));
      const { id } = await createConversation(customer, { subject: 'S', body: 'B' });
      const leave = how === 'removed' ? remove : demote;
      const [assigned] = await Promise.allSettled([
        updateConversation(owner, { id, assigneeId: late }),
        leave(owner, late),
      ]);
      await unassignFormerStaff(system, { userId: late }, job);
      expect([assigned.status, (await getConversation(owner, { id })).assigneeId]).toEqual([
        assigned.status,
        null,
      ]);
    }
  },
);
