import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { updatePreferences } from '@insightdesk/shared/domain/identity/preferences';
import { register } from '@insightdesk/shared/domain/identity/users';
import { ingestEvent } from '@insightdesk/shared/domain/integrations/event-ingest';
import { updateQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { getUsage } from '@insightdesk/shared/domain/tenancy/usage';
import type { AppError } from '@insightdesk/shared/errors';
import {
  authenticatedContext,
  createIsolatedTestContext,
  createTestContext,
  createTestTenant,
  userIdOf,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { notifyRecipients, sendPending } from './index.ts';

// An own database, where no running worker takes the jobs.
const { context, mailer, admin, close } = await createIsolatedTestContext();
const replica = createTestContext();
afterAll(async () => {
  await replica.close();
  await close();
});

/** The same caller on two replicas, which share the database and Valkey. */
const onBothReplicas = (caller: Context): [Context, Context] => [
  caller,
  { ...caller, limits: { ...caller.limits, ...replica.context.limits } },
];

const requestEmail = (by: Context, to: Id<'usr'>, id?: string) =>
  ingestEvent(by, {
    name: 'email/send.requested',
    payload: { to, subject: 'S', body: 'B' },
    ...(id && { id }),
  });

async function requestMany(by: readonly Context[], to: (n: number) => Id<'usr'>, count: number) {
  const results = await Promise.allSettled(
    Array.from({ length: count }, (_, n) => requestEmail(by[n % by.length] as Context, to(n))),
  );
  const errors = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as AppError] : [],
  );
  return { accepted: count - errors.length, errors };
}

const setQuota = (tenantId: Id<'org'>, value: number) =>
  updateQuota(systemContext(context, 'desk', { tenantId, requestId: 'test' }), {
    metric: 'emails-per-day',
    value,
  });

async function usageOf(owner: Context) {
  const { quotas, counters } = await getUsage(owner, {});
  const counter = (name: string) => counters.find((one) => one.name === name)?.days[0]?.value ?? 0;
  return {
    quota: quotas.find(({ name }) => name === 'emails-per-day'),
    emails: counter('emails'),
    overQuota: counter('emails-over-quota'),
  };
}

test('email/send.requested: 429 beyond the emails of a recipient, exact over replicas', async () => {
  const { owner, member } = await createTestTenant(context);
  const [agent, other] = [userIdOf(await member('agent')), userIdOf(await member('agent'))];
  const { emailsPerRecipientAndDay } = owner.limits;
  const { accepted, errors } = await requestMany(onBothReplicas(owner), () => agent, 60);
  expect(accepted).toBe(emailsPerRecipientAndDay);
  for (const error of errors) {
    expect(error).toMatchObject({
      status: 429,
      code: 'QUOTA_EXCEEDED',
      errors: [{ path: 'emails-per-recipient' }],
    });
  }
  await requestEmail(owner, other);
  const { emails } = await usageOf(owner);
  expect(emails).toBe(emailsPerRecipientAndDay + 1);
});

test('email/send.requested: 429 beyond the emails of an organization, exact over replicas', async () => {
  const { owner, member, tenantId } = await createTestTenant(context);
  await setQuota(tenantId, 7);
  const agents = [await member('agent'), await member('agent'), await member('agent')];
  const to = (n: number) => userIdOf(agents[n % 3] as Context);
  const { accepted, errors } = await requestMany(onBothReplicas(owner), to, 20);
  expect(accepted).toBe(7);
  expect(new Set(errors.map(({ errors: fields }) => fields?.[0]?.path))).toEqual(
    new Set(['emails-per-day']),
  );
  expect(await usageOf(owner)).toMatchObject({
    quota: { value: 7, limit: 7 },
    emails: 7,
  });
});

test('email/send.requested: the same id counts once', async () => {
  const { owner } = await createTestTenant(context);
  const to = userIdOf(owner);
  await Promise.all(Array.from({ length: 5 }, () => requestEmail(owner, to, 'report-1')));
  expect((await usageOf(owner)).emails).toBe(1);
});

test('a notification beyond the quota stays pending until the next day, and the log of its job says so', async () => {
  const { owner, member, tenantId } = await createTestTenant(context);
  await setQuota(tenantId, 1);
  const customers = [await member('customer'), await member('customer')];
  const log: string[] = [];
  const run = {
    ...{ id: newId('evt'), tenantId, requestId: 'r' },
    enqueue: async () => {},
    log: async (line: string) => void log.push(line),
  };
  const system = systemContext(context, 'worker', run);
  const sentTo = (customer: Context) =>
    mailer.sent.filter(({ to }) => to === `${userIdOf(customer)}@example.com`);
  for (const customer of customers) {
    const { id } = await createConversation(customer, { subject: 'A lamp', body: 'It is broken' });
    await updatePreferences(customer, { notifications: { delayMinutes: 0 } });
    const { message } = await sendMessage(owner, { id, body: 'Try another bulb' });
    const people = { authorId: userIdOf(owner), customerId: userIdOf(customer), assigneeId: null };
    const notice = { messageId: message.id, conversationId: id, ...people };
    await notifyRecipients(system, notice, run);
    for (let runs = 0; runs < 2; runs++) {
      await sendPending(
        system,
        { userId: userIdOf(customer), dueAt: new Date().toISOString() },
        run,
      );
    }
  }
  const [first, second] = customers as [Context, Context];
  expect([sentTo(first).length, sentTo(second).length]).toEqual([1, 0]);
  expect(log).toHaveLength(1);
  expect(log[0]).toStartWith('Not sent: The organization has sent all emails of today; 1 conv');
  expect(await usageOf(owner)).toMatchObject({ emails: 1, overQuota: 1 });
  const rows = await admin<{ due_at: Date }[]>`
    select due_at from pending_notifications where tenant_id = ${toUuid(tenantId)}`;
  const tomorrow = Math.ceil(Date.now() / 86_400_000) * 86_400_000;
  expect(rows[0]?.due_at.getTime()).toBeGreaterThanOrEqual(tomorrow - 1_000);
  await setQuota(tenantId, 2);
  const later = new Date(tomorrow + 86_400_000).toISOString();
  await sendPending(system, { userId: userIdOf(second), dueAt: later }, run);
  expect(sentTo(second)).toHaveLength(1);
});

test('an organization without a verified owner has the small quota of emails', async () => {
  const { accessToken } = await register(context, {
    email: `${newId('usr')}@example.com`,
    password: 'a long enough password',
    name: 'Eve',
    organizationName: 'Eve',
  });
  const unverified = await authenticatedContext(context, accessToken);
  const { owner } = await createTestTenant(context);
  const { limits } = context;
  const limitOf = async (caller: Context) => (await usageOf(caller)).quota?.limit;
  expect(await limitOf(unverified)).toBe(limits.unverifiedQuotas['emails-per-day']);
  expect(await limitOf(owner)).toBe(limits.quotas['emails-per-day']);
});
