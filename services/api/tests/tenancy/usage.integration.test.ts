import { afterAll, expect, test } from 'bun:test';
import { systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { createDatabase } from '@insightdesk/shared/database';
import { acceptInvitation, changeRole, invite } from '@insightdesk/shared/domain/identity/users';
import { setQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { createMeter, type getUsage } from '@insightdesk/shared/domain/tenancy/usage';
import { createHeldJobs, createQueues, defineJob, type JobRequest } from '@insightdesk/shared/jobs';
import { createTestDatabase, createTestTenant, testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { meterRequest } from '../../meter-request.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
const { context, parts, request } = api;
afterAll(async () => {
  await services.close();
  await api.close();
});
/** With the services' own login alone, as all but the worker have. */
const services = createDatabase({
  url: testEnvironment.databaseUrl,
  poolMin: 1,
  poolMax: 2,
  timeoutMs: 10_000,
  slowQueryMs: 10_000,
});

const nothing = async () => 0;
const noJobs = async () => ({ jobs: 0, bytes: 0 });

type Usage = z.infer<typeof getUsage.output>;
const read = async (as: string, query = '') =>
  (await (await request('GET', `/v1/usage${query}`, { as })).json()) as Usage;
const today = () => new Date().toISOString().slice(0, 10);
const asSystem = (tenantId: Id<'org'>) =>
  systemContext(context, 'desk', { tenantId, requestId: 'test' });
const tenantOf = async (token: string) =>
  (await context.security.tokens.verifyAccess(token)).tenantId;

test('200: what is used, day by day, with the limits beside it; nobody else’s', async () => {
  const [own, other] = [await api.openTenant(), await api.openTenant()];
  for (let n = 0; n < 5; n++) await request('GET', '/v1/me', { as: own.agent });
  await request('GET', '/v1/me', { as: other.agent });
  await parts.meter.flush();
  const tenantId = await tenantOf(own.owner);
  await setQuota(asSystem(tenantId), { metric: 'seats', value: 7 });
  const usage = await read(own.admin);
  expect(usage.to).toBe(today());
  const quotas = Object.fromEntries(usage.quotas.map(({ name, ...figure }) => [name, figure]));
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

test('403 for those who do not manage; 422 for days that are none', async () => {
  const { agent, customer, owner } = await api.openTenant();
  for (const as of [agent, customer])
    expect((await request('GET', '/v1/usage', { as })).status).toBe(403);
  for (const query of ['from=2020-02-31', 'from=2020-02-02&to=2020-02-01', 'from=2001-01-01']) {
    expect((await request('GET', `/v1/usage?${query}`, { as: owner })).status).toBe(422);
  }
});

test('two processes add up; what cannot be written is kept, memory is bounded', async () => {
  const { tenantId, owner } = await createTestTenant(context);
  const errors: unknown[] = [];
  let isDown = true;
  const open = () =>
    createMeter({
      database: {
        write: (...call) => (isDown ? Promise.reject(new Error('down')) : services.write(...call)),
      },
      defaults: context.limits.quotas,
      logBytes: nothing,
      openSockets: nothing,
      jobLoad: noJobs,
      onError: (error) => errors.push(error),
      flushMs: 60_000,
      most: 2,
    });
  const meters = [open(), open()];
  for (const meter of meters) for (let n = 0; n < 10; n++) meter.count(tenantId, 'jobs');
  await Promise.all(meters.map((meter) => meter.flush()));
  expect(errors).toHaveLength(2);
  // Of organisations that are gone: they hold nothing up, and are not held beyond the bound.
  for (let n = 0; n < 50; n++) meters[0]?.count(newId('org'), 'jobs');
  isDown = false;
  await Promise.all(meters.map((meter) => meter.close()));
  const { counters } = await read(await tokenFor(owner));
  expect(counters.find(({ name }) => name === 'jobs')?.days).toEqual([{ day: today(), value: 20 }]);
});

test('429: an organisation that has used up its requests of the day, and no other', async () => {
  const [own, other] = [await api.openTenant(), await api.openTenant()];
  await setQuota(asSystem(await tenantOf(own.owner)), { metric: 'requests-per-day', value: 10 });
  for (const as of [own.agent, other.agent]) await request('GET', '/v1/me', { as });
  await parts.meter.flush();
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

test('jobs that have not ended are told with their bytes, those that wait for room with them', async () => {
  const { tenantId, owner } = await createTestTenant(context);
  const queues = createQueues(parts.queueValkey, 'jobs', {
    roomOf: () => ({ jobs: 3, bytes: 100_000 }),
    held: createHeldJobs(parts.database),
  });
  const job = defineJob({ name: 'test.later', queue: 'maintenance', payload: z.object({}) });
  const delayMs = 600_000;
  const wanted = { job, tenantId, requestId: 'r', payload: {}, delayMs };
  try {
    await queues.enqueue(Array.from({ length: 8 }, (_, n) => ({ ...wanted, id: `test-${n}` })));
    const token = await tokenFor(owner);
    const figures = async () => {
      const { quotas } = await read(token);
      return Object.fromEntries(quotas.map(({ name, ...figure }) => [name, figure]));
    };
    // What came of the tenant's own creation may have had the room; a worker that has more of it
    // lets them in meanwhile.
    let found = await figures();
    while (found['waiting-jobs']?.value !== 8 || found['job-bytes']?.value === 0)
      found = await figures();
    const { 'waiting-jobs': jobs, 'job-bytes': bytes } = found;
    expect([jobs?.limit, bytes?.limit]).toEqual([20_000, 33_554_432]);
    expect(bytes?.value).toBeGreaterThan(1_024);
  } finally {
    await context.traces.erase(tenantId);
    await queues.close();
  }
});

test('429: of whom ten times as many jobs wait as may be nothing new is accepted, and of no other', async () => {
  // Of its own, where no worker lets them in.
  const server = await createTestDatabase();
  const limits = { poolMin: 1, poolMax: 2, timeoutMs: 10_000, slowQueryMs: 10_000 };
  const database = createDatabase({ ...server, ...limits });
  const meter = createMeter({
    database,
    defaults: { ...context.limits.quotas, 'waiting-jobs': 2 },
    logBytes: nothing,
    openSockets: nothing,
    jobLoad: noJobs,
    onError: (error) => {
      throw error;
    },
    flushMs: 60_000,
  });
  try {
    const [own, other] = [newId('org'), newId('org')];
    const job = defineJob({ name: 'test.held', queue: 'maintenance', payload: z.object({}) });
    const held = createHeldJobs(database);
    const hold = (id: string) =>
      held.hold([{ job, id, tenantId: own, requestId: 'r', payload: {} }]);
    const write = { method: 'POST', kind: 'write' } as const;
    const request = async (
      tenantId: Id<'org'>,
      request: Parameters<typeof meterRequest>[1] = write,
    ) => {
      meter.count(tenantId, 'requests');
      await meter.flush();
      return meterRequest({ tenantId, limits: { ...context.limits, meter } }, request);
    };
    for (let n = 0; n < 19; n++) await hold(`${n}`);
    await request(own);
    await hold('19');
    await expect(request(own)).rejects.toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED' });
    await request(other);
    // Reading goes on, and so does ending what brings the jobs about.
    for (const request of [
      { method: 'GET', kind: 'read' },
      { method: 'DELETE', kind: 'write' },
      { method: 'POST', kind: 'auth' },
    ] as const)
      await request(own, request);
    const [first] = await held.oldest(own, 1);
    await held.release(own, [first?.request as JobRequest]);
    await request(own);
  } finally {
    await meter.close();
    await database.close();
    await server.drop();
  }
});

test('seats: eight accept at once where three are free', async () => {
  const { owner, tenantId, member } = await createTestTenant(context);
  await setQuota(asSystem(tenantId), { metric: 'seats', value: 4 });
  const emails = Array.from({ length: 8 }, () => `${newId('usr')}@example.com`);
  const tokens: string[] = [];
  for (const email of emails) {
    const { id } = await invite(owner, { email, role: 'agent' });
    tokens.push(context.security.tokenCodec.seal('invitation', [tenantId, id]));
  }
  const results = await Promise.allSettled(
    tokens.map((token) =>
      acceptInvitation(context, { token, name: 'N', password: 'a long enough password' }),
    ),
  );
  const refused = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(refused.map(({ code }) => code)).toEqual(Array(5).fill('QUOTA_EXCEEDED'));
  const customer = await member('customer');
  if (customer.actor.kind !== 'user') throw new Error('Nobody is signed in');
  const { userId } = customer.actor;
  await expect(changeRole(owner, { userId, role: 'agent' })).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
  });
  await setQuota(asSystem(tenantId), { metric: 'seats', value: 0 });
  expect(await changeRole(owner, { userId, role: 'agent' })).toMatchObject({ role: 'agent' });
});

async function tokenFor({
  actor,
  tenantId,
  security: { tokens },
}: typeof context): Promise<string> {
  if (actor.kind !== 'user' || !tenantId) throw new Error('Nobody is signed in');
  const { userId, sessionId, role } = actor;
  return (await tokens.signAccess({ tenantId, userId, sessionId, role })).token;
}

testDocumentedResponses(api, '/v1/usage');
