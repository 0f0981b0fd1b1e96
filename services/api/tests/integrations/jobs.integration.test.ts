import { afterAll, expect, test } from 'bun:test';
import { DomainBusinessRuleError } from '@insightdesk/shared/errors';
import { outbox } from '@insightdesk/shared/events';
import { defineJob, startWorkers, type Workers } from '@insightdesk/shared/jobs';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
const { container, context, request } = api;
// No service handles this queue, so only this test runs its jobs.
const work = defineJob({
  name: 'test.work',
  queue: 'voice-processing',
  payload: z.object({ fails: z.string().optional() }),
});
let workers: Workers | undefined;
const { owner, admin, agent, addMember } = await api.createTenant();
const { owner: otherOwner } = await api.createTenant();
const { tenantId } = await context.security.tokens.verifyAccess(owner);
afterAll(async () => {
  await workers?.close();
  await api.close();
});

async function enqueue(payload: { fails?: string } = {}, delayMs?: number) {
  const id = newId('evt');
  const request = { job: work, id, tenantId, requestId: 'test', payload };
  await container.jobs.queues.enqueue([{ ...request, ...(delayMs && { delayMs }) }]);
  return id;
}

async function startWorking() {
  const connect = () => container.connectValkey('queue', 'blocking', 'test-worker');
  const { queues, valkey } = container.jobs;
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
          await run.log('started');
          if (fails === 'domain') throw new DomainBusinessRuleError('It is too late');
          if (fails) throw Object.assign(new z.ZodError([]), { message: fails });
        },
      },
    },
  });
}

async function read(id: string, as = owner) {
  const response = await request('GET', `/v1/jobs/${id}`, { as });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function untilState(id: string, state: string) {
  await until(`state of ${id}`, async () => (await read(id)).body.state, { equals: state });
  return (await read(id)).body;
}

test('GET /v1/jobs: managers list the jobs of their organization, newest first, in pages', async () => {
  const ids = [];
  for (let n = 0; n < 3; n++) {
    ids.unshift(await enqueue({}, 3_600_000));
    await Bun.sleep(2);
  }
  const listed: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path = `/v1/jobs?limit=2${cursor && `&cursor=${cursor}`}`;
    const page = (await (await request('GET', path, { as: admin })).json()) as {
      items: { id: string; name: string }[];
      nextCursor: string | null;
    };
    const own = page.items.filter(({ name }) => name === 'test.work');
    listed.push(...own.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  expect(listed).toEqual(ids);
  expect((await request('GET', '/v1/jobs', { as: agent })).status).toBe(403);
  const others = await request('GET', '/v1/jobs', { as: otherOwner });
  expect(JSON.stringify(await others.json())).not.toContain(ids[0] as string);
});

test('POST retry: a failed job shows its log and reason and runs again', async () => {
  await startWorking();
  const id = await enqueue({ fails: 'domain' });
  const failed = await untilState(id, 'failed');
  expect(failed).toMatchObject({
    reason: expect.stringContaining('It is too late'),
    log: ['started'],
  });
  const again = await request('POST', `/v1/jobs/${id}/retry`, { as: owner, body: {} });
  expect(again.status).toBe(200);
  expect((await untilState(id, 'failed')).log).toContain('started');
  const secret = await enqueue({ fails: 'connect ECONNREFUSED 10.0.0.7' });
  expect(JSON.stringify(await untilState(secret, 'failed'))).not.toContain('10.0.0.7');
});

test('POST cancel: cancels a delayed job, 409 for a finished one', async () => {
  await startWorking();
  const id = await enqueue({}, 3_600_000);
  const cancel = (job: string) =>
    request('POST', `/v1/jobs/${job}/cancel`, { as: owner, body: {} });
  expect((await cancel(id)).status).toBe(200);
  expect((await untilState(id, 'failed')).reason).toContain('Cancelled by usr_');
  const conflict = await cancel(id);
  expect([conflict.status, await conflict.json()]).toMatchObject([409, { code: 'JOB_ENDED' }]);

  const done = await enqueue();
  await untilState(done, 'completed');
  const retried = await request('POST', `/v1/jobs/${done}/retry`, { as: owner, body: {} });
  expect([retried.status, await retried.json()]).toMatchObject([409, { code: 'JOB_NOT_FAILED' }]);
});

test('retry and cancel are recorded in the audit log first', async () => {
  const id = await enqueue({}, 3_600_000);
  const act = (verb: string, job = id, as = owner) =>
    request('POST', `/v1/jobs/${job}/${verb}`, { as, body: {} });
  expect((await act('cancel')).status).toBe(200);
  expect((await act('retry')).status).toBe(200);
  expect((await act('cancel', `${id}x`)).status).toBe(404);
  expect((await act('cancel', id, otherOwner)).status).toBe(404);
  const recorded = await context.database.write({ tenantId }, (tx) =>
    tx.select({ name: outbox.name, payload: outbox.payload }).from(outbox).orderBy(outbox.position),
  );
  expect(recorded.filter(({ payload }) => (payload as { jobId?: string }).jobId === id)).toEqual([
    { name: 'job.cancel-requested', payload: { jobId: id } },
    { name: 'job.retry-requested', payload: { jobId: id } },
  ]);
});

test('POST cancel with Idempotency-Key: runs once; errors are not stored', async () => {
  await startWorking();
  const id = await enqueue({}, 3_600_000);
  const cancel = async (key: string) => {
    const headers = { 'Idempotency-Key': key };
    const answer = await request('POST', `/v1/jobs/${id}/cancel`, { as: owner, body: {}, headers });
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

test('POST cancel with Idempotency-Key: 401 after sign-out instead of the stored response', async () => {
  const id = await enqueue({}, 3_600_000);
  const as = await addMember('admin');
  const headers = { 'Idempotency-Key': crypto.randomUUID() };
  const cancel = () => request('POST', `/v1/jobs/${id}/cancel`, { as, body: {}, headers });
  expect((await cancel()).status).toBe(200);
  expect((await cancel()).status).toBe(200);
  await request('POST', '/v1/auth/logout', { as, body: {} });
  expect((await cancel()).status).toBe(401);
});

test('jobs: 404 for other tenants and for ids of other Valkey keys', async () => {
  const id = await enqueue({}, 3_600_000);
  expect((await read(id, otherOwner)).status).toBe(404);
  for (const verb of ['retry', 'cancel']) {
    const answer = await request('POST', `/v1/jobs/${id}/${verb}`, { as: otherOwner, body: {} });
    expect(answer.status).toBe(404);
    expect((await request('POST', `/v1/jobs/${id}/${verb}`, { as: agent, body: {} })).status).toBe(
      403,
    );
  }
  for (const odd of [`${id}:logs`, 'x~y', '..']) {
    expect((await read(encodeURIComponent(odd))).status).toBe(404);
  }
  expect((await read(id)).body.state).toBe('delayed');
});

testDocumentedResponses(api, 'jobs');
