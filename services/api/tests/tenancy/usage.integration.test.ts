import { afterAll, expect, test } from 'bun:test';
import { systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect, createDatabase } from '@insightdesk/shared/database';
import {
  acceptInvitation,
  inviteMember,
  updateMember,
} from '@insightdesk/shared/domain/identity/users';
import { updateQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { createMeter, type getUsage } from '@insightdesk/shared/domain/tenancy/usage';
import {
  createParkedJobs,
  createQueues,
  defineJob,
  type JobRequest,
} from '@insightdesk/shared/jobs';
import {
  createTestDatabase,
  createTestTenant,
  testEnvironment,
  until,
  userIdOf,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { meterRequest } from '../../meter-request.ts';
import { accessTokenOf } from '../../testing/access-token.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
const { context, container, request } = api;
afterAll(async () => {
  await services.close();
  await api.close();
});
/** The database role of all services but the worker. */
const services = createDatabase({
  url: testEnvironment.databaseUrl,
  readers: 1,
  writers: 2,
  timeoutMs: 10_000,
  slowQueryMs: 10_000,
});

const zero = async () => 0;
const noJobs = async () => ({ jobs: 0, bytes: 0 });
/** A meter without other sources that is flushed by the test. */
const openMeter = (options: Partial<Parameters<typeof createMeter>[0]>) =>
  createMeter({
    database: services,
    defaults: context.limits.quotas,
    logBytes: zero,
    openSockets: zero,
    queueUsage: noJobs,
    onError: (error) => {
      throw error;
    },
    flushMs: 60_000,
    ...options,
  });

type Usage = z.infer<typeof getUsage.output>;
const read = async (as: string, query = '') =>
  (await (await request('GET', `/v1/usage${query}`, { as })).json()) as Usage;
const today = () => new Date().toISOString().slice(0, 10);
const asSystem = (tenantId: Id<'org'>) =>
  systemContext(context, 'desk', { tenantId, requestId: 'test' });
const tenantOf = async (token: string) =>
  (await context.security.tokens.verifyAccess(token)).tenantId;

test('GET /v1/usage: counters of days that are over are cached, those of today are not', async () => {
  const { owner } = await api.createTenant();
  const tenantId = await tenantOf(owner);
  const getCached = (key: string) => context.cache.getCached<unknown>(tenantId, key);
  await read(owner, '?from=2026-01-01&to=2026-01-02');
  expect(await getCached('usage 2026-01-01 2026-01-02')).toEqual([]);
  await read(owner, `?from=${today()}&to=${today()}`);
  expect(await getCached(`usage ${today()} ${today()}`)).toBeUndefined();
});

test('GET /v1/usage: counters per day and quotas of the own organization', async () => {
  const [own, other] = [await api.createTenant(), await api.createTenant()];
  for (let n = 0; n < 5; n++) await request('GET', '/v1/me', { as: own.agent });
  await request('GET', '/v1/me', { as: other.agent });
  await container.meter.flush();
  const tenantId = await tenantOf(own.owner);
  await updateQuota(asSystem(tenantId), { metric: 'seats', value: 7 });
  const usage = await read(own.admin);
  expect(usage.to).toBe(today());
  const quotas = Object.fromEntries(usage.quotas.map(({ name, ...quota }) => [name, quota]));
  expect(quotas).toMatchObject({
    seats: { value: 3, limit: 7 },
    'stored-bytes': { value: 0, limit: 10_737_418_240 },
    'requests-per-day': { value: 5, limit: null },
    'requests-per-month': { limit: null },
  });
  const requests = usage.counters.find(({ name }) => name === 'requests');
  expect(requests?.days).toEqual([{ day: today(), value: 5 }]);
  const { counters } = await read(own.owner, '?from=2020-01-01&to=2020-01-31');
  expect(counters.every(({ days }) => days.length === 0)).toBe(true);
});

test('GET /v1/usage: 403 for agents and customers, 422 for invalid days', async () => {
  const { agent, customer, owner } = await api.createTenant();
  for (const as of [agent, customer])
    expect((await request('GET', '/v1/usage', { as })).status).toBe(403);
  for (const query of ['from=2020-02-31', 'from=2020-02-02&to=2020-02-01', 'from=2001-01-01']) {
    expect((await request('GET', `/v1/usage?${query}`, { as: owner })).status).toBe(422);
  }
});

test('usage meter: adds up over processes, retains unwritten counts, bounds its memory', async () => {
  const { tenantId, owner } = await createTestTenant(context);
  const errors: unknown[] = [];
  let isDown = true;
  const open = () =>
    openMeter({
      database: {
        write: (...call) => (isDown ? Promise.reject(new Error('down')) : services.write(...call)),
      },
      onError: (error) => errors.push(error),
      maxEntries: 2,
    });
  const meters = [open(), open()];
  for (const meter of meters)
    for (let n = 0; n < 10; n++) meter.count(tenantId, 'socket-connections');
  await Promise.all(meters.map((meter) => meter.flush()));
  expect(errors).toHaveLength(2);
  // Counts of deleted organizations neither block the others nor exceed the bound.
  for (let n = 0; n < 50; n++) meters[0]?.count(newId('org'), 'socket-connections');
  isDown = false;
  await Promise.all(meters.map((meter) => meter.close()));
  const { counters } = await read(await accessTokenOf(owner));
  expect(counters.find(({ name }) => name === 'socket-connections')?.days).toEqual([
    { day: today(), value: 20 },
  ]);
});

test('usage meter: the log-bytes quota is smaller until an owner has a verified address', async () => {
  const { tenantId, owner } = await createTestTenant(context);
  const meter = openMeter({ unverified: { 'log-bytes': 7_000 } });
  const limit = async () => {
    meter.count(tenantId, 'events');
    await meter.flush();
    return meter.limitOf(tenantId, 'log-bytes');
  };
  const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
  const verify = (at: string | null) =>
    admin`update users set email_verified_at = ${at} where id = ${toUuid(userIdOf(owner))}`;
  await verify(null);
  expect(await limit()).toBe(7_000);
  await verify(new Date().toISOString());
  expect(await limit()).toBe(context.limits.quotas['log-bytes']);
  await meter.close();
  await admin.end();
});

test('requests-per-day quota: 429 for the organization that has used it, not for others', async () => {
  const [own, other] = [await api.createTenant(), await api.createTenant()];
  await updateQuota(asSystem(await tenantOf(own.owner)), { metric: 'requests-per-day', value: 10 });
  for (const as of [own.agent, other.agent]) await request('GET', '/v1/me', { as });
  await container.meter.flush();
  const statuses: number[] = [];
  for (let n = 0; n < 12; n++) {
    const answer = await request('GET', '/v1/me', { as: own.agent });
    statuses.push(answer.status);
    if (answer.status === 429)
      expect(await answer.json()).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  }
  expect(statuses).toEqual([...Array(9).fill(200), ...Array(3).fill(429)]);
  expect((await request('GET', '/v1/me', { as: other.agent })).status).toBe(200);
});

test('GET /v1/usage: waiting jobs and their bytes include parked jobs', async () => {
  const { tenantId, owner } = await createTestTenant(context);
  const queues = createQueues(container.queueValkey, 'jobs', {
    quotaOf: () => ({ jobs: 3, bytes: 100_000 }),
    parkedJobs: createParkedJobs(container.database),
  });
  const job = defineJob({ name: 'test.later', queue: 'maintenance', payload: z.object({}) });
  const delayMs = 600_000;
  const jobRequest = { job, tenantId, requestId: 'r', payload: {}, delayMs };
  try {
    await queues.enqueue(Array.from({ length: 8 }, (_, n) => ({ ...jobRequest, id: `test-${n}` })));
    const token = await accessTokenOf(owner);
    const readQuota = async (name: string) =>
      (await read(token)).quotas.find((quota) => quota.name === name);
    // Jobs of the tenant's creation run meanwhile, and a worker may enqueue parked jobs.
    await until(async () => (await readQuota('waiting-jobs'))?.value, { equals: 8 });
    await until(async () => (await readQuota('job-bytes'))?.value ?? 0, { atLeast: 1_025 });
    expect(await readQuota('waiting-jobs')).toMatchObject({ limit: 20_000 });
    expect(await readQuota('job-bytes')).toMatchObject({ limit: 33_554_432 });
  } finally {
    await context.purgeTenantKeys(tenantId);
    await queues.close();
  }
});

test('waiting-jobs quota: writes are 429 for an organization with ten times as many waiting jobs', async () => {
  // A database of its own, so that no worker enqueues the parked jobs.
  const testDatabase = await createTestDatabase();
  const limits = { readers: 1, writers: 2, timeoutMs: 10_000, slowQueryMs: 10_000 };
  const database = createDatabase({ ...testDatabase, ...limits });
  const meter = openMeter({
    database,
    defaults: { ...context.limits.quotas, 'waiting-jobs': 2 },
  });
  try {
    const [own, other] = [newId('org'), newId('org')];
    const job = defineJob({ name: 'test.parked', queue: 'maintenance', payload: z.object({}) });
    const parkedJobs = createParkedJobs(database);
    const park = (id: string) =>
      parkedJobs.park([{ job, id, tenantId: own, requestId: 'r', payload: {} }]);
    const write = { method: 'POST', kind: 'write' } as const;
    const meterAfterFlush = async (
      tenantId: Id<'org'>,
      request: Parameters<typeof meterRequest>[1] = write,
    ) => {
      meter.count(tenantId, 'requests');
      await meter.flush();
      return meterRequest({ tenantId, limits: { ...context.limits, meter } }, request);
    };
    for (let n = 0; n < 19; n++) await park(`${n}`);
    await meterAfterFlush(own);
    await park('19');
    await expect(meterAfterFlush(own)).rejects.toMatchObject({
      status: 429,
      code: 'QUOTA_EXCEEDED',
    });
    await meterAfterFlush(other);
    // Reads, deletions and authentication stay possible.
    for (const request of [
      { method: 'GET', kind: 'read' },
      { method: 'DELETE', kind: 'write' },
      { method: 'POST', kind: 'auth' },
    ] as const)
      await meterAfterFlush(own, request);
    const [first] = await parkedJobs.listOldest(own, 1);
    await parkedJobs.markReleased(own, [first?.request as JobRequest]);
    await meterAfterFlush(own);
  } finally {
    await meter.close();
    await database.close();
    await testDatabase.drop();
  }
});

test('seats quota: of eight concurrent invitations three are accepted', async () => {
  const { owner, tenantId, member } = await createTestTenant(context);
  await updateQuota(asSystem(tenantId), { metric: 'seats', value: 4 });
  const emails = Array.from({ length: 8 }, () => `${newId('usr')}@example.com`);
  const tokens: string[] = [];
  for (const email of emails) {
    const { id } = await inviteMember(owner, { email, role: 'agent' });
    tokens.push(context.security.tokenCodec.encode('invitation', [tenantId, id]));
  }
  const results = await Promise.allSettled(
    tokens.map((token) =>
      acceptInvitation(context, { token, name: 'N', password: 'a long enough password' }),
    ),
  );
  const refused = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(refused.map(({ code }) => code)).toEqual(Array(5).fill('QUOTA_EXCEEDED'));
  const userId = userIdOf(await member('customer'));
  await expect(updateMember(owner, { userId, role: 'agent' })).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
  });
  await updateQuota(asSystem(tenantId), { metric: 'seats', value: 0 });
  expect(await updateMember(owner, { userId, role: 'agent' })).toMatchObject({ role: 'agent' });
});

testDocumentedResponses(api, 'usage');
