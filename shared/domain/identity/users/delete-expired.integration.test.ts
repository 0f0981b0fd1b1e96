import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect, createDatabase, type Database } from '@insightdesk/shared/database';
import {
  deleteOldEvents,
  deleteOldIdempotencyKeys,
  deleteOldJobSteps,
} from '@insightdesk/shared/domain/tenancy/retention';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { outbox } from '@insightdesk/shared/events';
import { type JobRun, jobSteps } from '@insightdesk/shared/jobs';
import {
  createTestContext,
  createTestDatabase,
  createTestTenant,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { deleteExpired } from './delete-expired.ts';
import { invitations } from './members/tables.ts';
import { sessions } from './sessions/tables.ts';

const run = { signal: new AbortController().signal } as JobRun;
const days = (count: number) => new Date(Date.now() - count * 86_400_000);
const stage = createTestContext();
let server: Awaited<ReturnType<typeof createTestDatabase>>;
let database: Database;
let identityDatabase: Database;
let ctx: Context;
let admin: ReturnType<typeof connect>;
let tenantId: Id<'org'>;
let userId: Id<'usr'>;

beforeAll(async () => {
  server = await createTestDatabase();
  const limits = { readers: 1, writers: 2, timeoutMs: 5000, slowQueryMs: 5000 };
  database = createDatabase({ ...server, ...limits });
  identityDatabase = createDatabase({ ...limits, url: server.identityUrl });
  ctx = { ...stage.context, database, identityDatabase };
  admin = connect(server.adminUrl, { timeoutMs: 5000 });
  const { owner } = await createTestTenant(ctx);
  if (owner.actor.kind !== 'user' || !owner.tenantId) throw new Error('Nobody is signed in');
  ({ tenantId } = owner as { tenantId: Id<'org'> });
  ({ userId } = owner.actor);
});
afterAll(async () => {
  await Promise.all([database.close(), identityDatabase.close(), admin.end(), stage.close()]);
  await server.drop();
});

const count = async (table: string) => {
  const [row] = await admin.unsafe(`select count(*)::int as n from ${table}`);
  return row?.n as number;
};

test('deleteOldEvents: waiting and dead-lettered events remain', async () => {
  await admin`truncate outbox`;
  const row = (relayedAt: Date | null, failure: string | null = null) => ({
    tenantId,
    eventId: newId('evt'),
    name: 'x',
    payload: {},
    requestId: 'r',
    createdAt: days(60),
    relayedAt,
    failure,
  });
  await database.write({ tenantId }, (tx) =>
    tx
      .insert(outbox)
      .values([
        ...Array.from({ length: 2_500 }, () => row(days(31))),
        ...[row(days(29)), row(null), row(days(31), 'a bug')],
      ]),
  );
  expect(await deleteOldEvents(ctx, { days: 30 }, run)).toBe(2_500);
  expect(await count('outbox')).toBe(3);
});

test('deleteExpired: only old rows are deleted, also for a short retention', async () => {
  const session = (expiresAt: Date, revokedAt: Date | null = null) => ({
    tenantId,
    id: newId('ses'),
    userId,
    expiresAt,
    revokedAt,
  });
  const invitation = (expiresAt: Date) => ({
    tenantId,
    id: newId('inv'),
    email: `${newId('usr')}@example.com`,
    expiresAt,
    role: 'agent' as const,
    invitedBy: userId,
  });
  const step = (createdAt: Date) => ({ tenantId, jobId: newId('evt'), step: 's', createdAt });
  await database.write({ tenantId }, async (tx) => {
    await tx.insert(sessions).values([session(days(31)), session(days(-3), days(31))]);
    await tx.insert(sessions).values([session(days(29)), session(days(-3), days(29))]);
    await tx.insert(invitations).values([invitation(days(31)), invitation(days(29))]);
    await tx.insert(jobSteps).values([step(days(31)), step(days(29))]);
  });
  await admin`insert into email_links (id, purpose, email, expires_at)
    values (gen_random_uuid(), 'reset', 'a@example.com', now() - interval '31 days'),
      (gen_random_uuid(), 'reset', 'a@example.com', now() - interval '29 days')`;
  await admin`insert into daily_counts values
    ('k', now() - interval '32 days', 1), ('k', now() - interval '28 days', 1)`;
  await admin`insert into identity.sign_in_attempts (account, ip_prefix, failures, last_at)
    values ('old', '', 1, ${days(31)}), ('young', '', 1, ${days(29)})`;
  const live = await count('sessions');
  expect(await deleteExpired(ctx, { days: 1 }, run)).toEqual({
    sessions: 2,
    invitations: 1,
    links: 1,
    counts: 1,
    attempts: 1,
    staged: 0,
    stagedEmails: 0,
  });
  expect(await deleteOldJobSteps(ctx, { days: 1 }, run)).toBe(1);
  expect([await count('sessions'), await count('invitations')]).toEqual([live - 2, 1]);
  expect(await count('job_steps')).toBe(1);
});

test('the system role: lists organizations, without their settings, and reads only ids of old sessions', async () => {
  const runAsSystem = (query: string) => database.write('system', (tx) => tx.execute(query));
  expect(await runAsSystem('select id from sessions')).toHaveLength(0);
  expect(await runAsSystem('select id, name from organizations')).not.toHaveLength(0);
  for (const query of [
    'select user_id from sessions',
    'select require_two_factor from organizations',
    'update organizations set name = name',
    'select payload from job_steps',
    `update sessions set revoked_at = now()`,
    `select email from invitations where tenant_id = '${toUuid(tenantId)}'`,
  ]) {
    await expect(runAsSystem(query)).rejects.toThrow('42');
  }
  const own = await database.write({ tenantId }, (tx) => tx.select().from(organizations));
  expect(own).toHaveLength(1);
});

test('deleteOldIdempotencyKeys: expired responses are deleted, also of unauthenticated clients', async () => {
  const noTenant = '00000000-0000-0000-0000-000000000000';
  for (const [tenant, age] of [
    [toUuid(tenantId), 2],
    [noTenant, 2],
    [toUuid(tenantId), 0.9],
  ] as const) {
    await admin`insert into idempotency_keys (tenant_id, id, fingerprint, created_at)
      values (${tenant}, ${`${age}`}, 'x', ${days(age)})`;
  }
  expect(await deleteOldIdempotencyKeys(ctx, { days: 1 }, run)).toBe(2);
  expect(await count('idempotency_keys')).toBe(1);
});
