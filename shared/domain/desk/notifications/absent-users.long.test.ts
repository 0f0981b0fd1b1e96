import { afterAll, expect, test } from 'bun:test';
import { systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { mapConcurrent } from '@insightdesk/shared/promises';
import { createIsolatedTestContext, createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { enqueueOverdue, sendPending } from './index.ts';

const USERS = 1_000;
const MESSAGES = 3;
const CONCURRENCY = 8;
/** How many runs end as if the worker was killed, before or after the mail server accepted the email. */
const KILLED = 0.4;

const { context, mailer, admin, close } = await createIsolatedTestContext();
afterAll(close);

/** Customers with a verified address, a conversation and pending messages that are overdue. */
async function createAbsentUsers(tenantId: Id<'org'>, authorId: Id<'usr'>) {
  const tenant = toUuid(tenantId);
  const rows = Array.from({ length: USERS }, (_, n) => ({
    n: n + 1,
    user: toUuid(newId('usr')),
    conversation: toUuid(newId('cnv')),
  }));
  const users = rows.map(({ user }) => user);
  const conversations = rows.map(({ conversation }) => conversation);
  await admin`insert into users (id, email, name) select id, id || '@contacts.invalid', 'Carla' from unnest(${users}::uuid[]) id`;
  await admin`insert into members (tenant_id, user_id, role) select ${tenant}, id, 'customer' from unnest(${users}::uuid[]) id`;
  await admin`insert into contact_addresses (tenant_id, contact_id, address, verified_at, is_identity)
    select ${tenant}, id, id || '@example.com', now(), true from unnest(${users}::uuid[]) id`;
  await admin`insert into conversations (tenant_id, id, number, subject, customer_id, message_count, reply_count)
    select ${tenant}, c, n, 'A lamp', u, ${MESSAGES}, ${MESSAGES}
    from unnest(${conversations}::uuid[], ${users}::uuid[]) with ordinality as t(c, u, n)`;
  await admin`insert into messages (tenant_id, id, conversation_id, sequence, author_id, kind, body)
    select ${tenant}, gen_random_uuid(), c, s, ${toUuid(authorId)}, 'reply', 'Message ' || s
    from unnest(${conversations}::uuid[]) c, generate_series(1, ${MESSAGES}::int) s`;
  await admin`insert into pending_notifications (tenant_id, user_id, conversation_id, first_sequence, last_sequence, due_at)
    select ${tenant}, u, c, 1, ${MESSAGES}, now() - interval '2 minutes'
    from unnest(${conversations}::uuid[], ${users}::uuid[]) as t(c, u)`;
  return rows.map(({ user }) => user);
}

test('1,000 absent users get one email each, although 4 of 10 runs end before they are recorded', async () => {
  const { member, tenantId } = await createTestTenant(context);
  const users = await createAbsentUsers(tenantId, userIdOf(await member('agent')));
  const unlimited = { ...context, limits: { ...context.limits, emailsPerRecipientAndDay: 0 } };
  let killed = 0;
  const send = async (email: Parameters<typeof mailer.send>[0]) => {
    const chance = Math.random();
    if (chance < KILLED / 2 && ++killed) throw new Error('killed before');
    await mailer.send(email);
    if (chance < KILLED && ++killed) throw new Error('killed after');
  };
  const mail = { send, wasAccepted: (id: string) => mailer.wasAccepted(id) } as never;
  const run = { tenantId, requestId: 'r', enqueue: async () => {}, log: async () => {} };
  const system = { ...systemContext(unlimited, 'worker', run), mail };
  const startedAt = performance.now();
  for (let round = 0; round < 30; round++) {
    const due: Id<'usr'>[] = [];
    await enqueueOverdue(context, {
      requestId: 'r',
      enqueue: async (jobs) =>
        void due.push(...jobs.map(({ payload }) => (payload as { userId: Id<'usr'> }).userId)),
    });
    if (due.length === 0) break;
    await mapConcurrent(due, CONCURRENCY, (userId) =>
      sendPending(system, { userId }, run).catch(() => {}),
    );
    await admin`update email_deliveries set created_at = now() - interval '6 minutes' where sent_at is null`;
  }
  console.info(
    `${USERS} users, ${killed} killed runs, ${Math.round(performance.now() - startedAt)} ms`,
  );
  expect(killed).toBeGreaterThan(100);
  const recipients = mailer.sent.map(({ to }) => to).toSorted();
  expect(recipients).toEqual(users.map((user) => `${user}@example.com`).toSorted());
  expect(
    mailer.sent.every(({ text }) => text.includes('Message 1') && text.includes('Message 3')),
  ).toBe(true);
}, 300_000);
