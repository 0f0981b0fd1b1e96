import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { DomainBusinessRuleError } from '@insightdesk/shared/errors';
import { outbox } from '@insightdesk/shared/events';
import { defineJob, startWorkers, type Workers } from '@insightdesk/shared/jobs';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { openWholeApi, testPromises } from '../../testing/integration-api.ts';

const api = openWholeApi();
const { parts, context, ask } = api;
// No service has a handler of this queue, so what waits there waits for this test.
const work = defineJob({
  name: 'test.work',
  queue: 'voice-processing',
  payload: z.object({ fails: z.string().optional() }),
});
let workers: Workers | undefined;
let newcomer: Awaited<ReturnType<typeof api.openTenant>>['newcomer'];
let owner: string;
let admin: string;
let agent: string;
let stranger: string;
let tenantId: Id<'org'>;

beforeAll(async () => {
  ({ owner, admin, agent, newcomer } = await api.openTenant());
  ({ owner: stranger } = await api.openTenant());
  ({ tenantId } = await context.tokens.verifyAccess(owner));
});
afterAll(async () => {
  await workers?.close();
  await api.close();
});

async function enqueue(payload: { fails?: string } = {}, delayMs?: number) {
  const id = newId('evt');
  const request = { job: work, id, tenantId, requestId: 'test', payload };
  await parts.jobAccess.queues.enqueue([{ ...request, ...(delayMs && { delayMs }) }]);
  return id;
}

async function startWorking() {
  const connect = () => parts.connectValkey('queue', 'blocking', 'test-worker');
  const { queues, valkey } = parts.jobAccess;
  workers ??= await startWorkers({
    connect,
    valkey,
    queues,
    subscriber: connect(),
    concurrency: 1,
    log: context.log,
    inTenant: () => Promise.reject(new Error('No steps here')),
    handlers: {
      'test.work': {
        job: work,
        async run({ fails }: z.output<typeof work.payload>, run) {
          await run.log('begun');
          if (fails === 'domain') throw new DomainBusinessRuleError('It is too late');
          if (fails) throw Object.assign(new z.ZodError([]), { message: fails });
        },
      },
    },
  });
}

async function read(id: string, as = owner) {
  const response = await ask('GET', `/v1/jobs/${id}`, { as });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function untilState(id: string, state: string) {
  for (let tries = 0; tries < 1_250; tries++) {
    const { body } = await read(id);
    if (body.state === state) return body;
    await Bun.sleep(20);
  }
  throw new Error(`${id} did not become ${state}`);
}

test('managers list the jobs of their organisation, newest first, page by page', async () => {
  const ids = [];
  for (let n = 0; n < 3; n++) {
    ids.unshift(await enqueue({}, 3_600_000));
    await Bun.sleep(2);
  }
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path = `/v1/jobs?limit=2${cursor && `&cursor=${cursor}`}`;
    const page = (await (await ask('GET', path, { as: admin })).json()) as {
      items: { id: string; name: string }[];
      nextCursor: string | null;
    };
    const own = page.items.filter(({ name }) => name === 'test.work');
    seen.push(...own.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(ids);
  expect((await ask('GET', '/v1/jobs', { as: agent })).status).toBe(403);
  const others = await ask('GET', '/v1/jobs', { as: stranger });
  expect(JSON.stringify(await others.json())).not.toContain(ids[0] as string);
});

test('a job fails, is read with its log and its reason, and is tried again', async () => {
  await startWorking();
  const id = await enqueue({ fails: 'domain' });
  const failed = await untilState(id, 'failed');
  expect(failed).toMatchObject({
    reason: expect.stringContaining('It is too late'),
    log: ['begun'],
  });
  const again = await ask('POST', `/v1/jobs/${id}/retry`, { as: owner, body: {} });
  expect(again.status).toBe(200);
  expect((await untilState(id, 'failed')).log).toContain('begun');
  const secret = await enqueue({ fails: 'connect ECONNREFUSED 10.0.0.7' });
  expect(JSON.stringify(await untilState(secret, 'failed'))).not.toContain('10.0.0.7');
});

test('a delayed job is cancelled; what has ended is not', async () => {
  await startWorking();
  const id = await enqueue({}, 3_600_000);
  const cancel = (job: string) => ask('POST', `/v1/jobs/${job}/cancel`, { as: owner, body: {} });
  expect((await cancel(id)).status).toBe(200);
  expect((await untilState(id, 'failed')).reason).toContain('Cancelled by usr_');
  const conflict = await cancel(id);
  expect([conflict.status, await conflict.json()]).toMatchObject([409, { code: 'JOB_ENDED' }]);

  const done = await enqueue();
  await untilState(done, 'completed');
  const retried = await ask('POST', `/v1/jobs/${done}/retry`, { as: owner, body: {} });
  expect([retried.status, await retried.json()]).toMatchObject([409, { code: 'JOB_NOT_FAILED' }]);
});

test('who asks for a job to be tried again or to end is told to the audit log first', async () => {
  const id = await enqueue({}, 3_600_000);
  const act = (verb: string, job = id, as = owner) =>
    ask('POST', `/v1/jobs/${job}/${verb}`, { as, body: {} });
  expect((await act('cancel')).status).toBe(200);
  expect((await act('retry')).status).toBe(200);
  expect((await act('cancel', `${id}x`)).status).toBe(404);
  expect((await act('cancel', id, stranger)).status).toBe(404);
  const told = await context.database.write({ tenantId }, (tx) =>
    tx.select({ name: outbox.name, payload: outbox.payload }).from(outbox).orderBy(outbox.position),
  );
  expect(told.filter(({ payload }) => (payload as { jobId?: string }).jobId === id)).toEqual([
    { name: 'job.cancel-asked', payload: { jobId: id } },
    { name: 'job.retry-asked', payload: { jobId: id } },
  ]);
});

test('under a key it is cancelled once; what was refused may be asked again', async () => {
  await startWorking();
  const id = await enqueue({}, 3_600_000);
  const cancel = async (key: string) => {
    const headers = { 'Idempotency-Key': key };
    const answer = await ask('POST', `/v1/jobs/${id}/cancel`, { as: owner, body: {}, headers });
    return [answer.status, answer.headers.get('Idempotency-Replayed'), await answer.json()];
  };
  const first = await cancel('the first');
  expect(first[0]).toBe(400);
  const [status, , job] = await cancel('the-first');
  expect(status).toBe(200);
  expect(await cancel('the-first')).toEqual([200, 'true', job]);
  for (const _ of [1, 2]) {
    expect(await cancel('the-second')).toMatchObject([409, null, { code: 'JOB_ENDED' }]);
  }
});

test('who has signed out is not told again what it was answered', async () => {
  const id = await enqueue({}, 3_600_000);
  const as = await newcomer('admin');
  const headers = { 'Idempotency-Key': crypto.randomUUID() };
  const cancel = () => ask('POST', `/v1/jobs/${id}/cancel`, { as, body: {}, headers });
  expect((await cancel()).status).toBe(200);
  expect((await cancel()).status).toBe(200);
  await ask('POST', '/v1/auth/logout', { as, body: {} });
  expect((await cancel()).status).toBe(401);
});

test('a stranger, and an id of something else in Valkey, find nothing', async () => {
  const id = await enqueue({}, 3_600_000);
  expect((await read(id, stranger)).status).toBe(404);
  for (const what of ['retry', 'cancel']) {
    const answer = await ask('POST', `/v1/jobs/${id}/${what}`, { as: stranger, body: {} });
    expect(answer.status).toBe(404);
    expect((await ask('POST', `/v1/jobs/${id}/${what}`, { as: agent, body: {} })).status).toBe(403);
  }
  for (const odd of [`${id}:logs`, 'x~y', '..']) {
    expect((await read(encodeURIComponent(odd))).status).toBe(404);
  }
  expect((await read(id)).body.state).toBe('delayed');
});

test('jobs are listed by their state; a state that there is not is refused', async () => {
  const id = await enqueue({}, 3_600_000);
  const list = async (query: string) => {
    const response = await ask('GET', `/v1/jobs?${query}`, { as: owner });
    return (await response.json()) as { items: { id: string; state: string }[] };
  };
  const { items } = await list('state=delayed');
  expect(items.map((job) => job.id)).toContain(id);
  expect(new Set(items.map(({ state }) => state))).toEqual(new Set(['delayed']));
  expect(JSON.stringify(await list('state=failed'))).not.toContain(id);
  const refused = await ask('GET', '/v1/jobs?state=tired', { as: owner });
  expect(refused.status).toBe(422);
});

testPromises(api, '/v1/jobs');
