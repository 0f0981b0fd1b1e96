import { afterAll, expect, spyOn, test } from 'bun:test';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { defineJob, type JobRequest } from '../definition/define-job.ts';
import { type JobStateName, jobStates } from '../definition/job-state.ts';
import { createTestQueues, request } from '../testing/test-queues.ts';

const { queues, valkey, work, control, close } = createTestQueues();
afterAll(close);

const payload = z.object({});
const job = defineJob({ name: 'ends', queue: 'maintenance', payload, attempts: 1 });
const fails = defineJob({ name: 'fails', queue: 'maintenance', payload, attempts: 1 });
const hanging = defineJob({ name: 'hanging', queue: 'maintenance', payload });
/** No worker of this test serves this queue. */
const waits = defineJob({ name: 'waits', queue: 'calendar-sync', payload });

const handlers = {
  ends: { job, run: async () => {} },
  fails: { job: fails, run: () => Promise.reject(new Error('no')) },
  hanging: {
    job: hanging,
    run: (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  },
};

/** All pages of an organization's jobs, as lists of ids. */
async function pagesOf(tenantId: JobRequest['tenantId'], limit: number, state?: JobStateName) {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = { limit, ...(state && { state }), ...(cursor !== undefined && { cursor }) };
    const { items, nextCursor } = await control.list(tenantId, page);
    if (state) expect(items.map((item) => item.state)).toEqual(items.map(() => state));
    pages.push(items.map(({ id }) => id));
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

test('list: jobs are paged, newest first', async () => {
  const tenantId = newId('org');
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) {
    const one = request(waits, {}, { tenantId });
    ids.unshift(one.id);
    await queues.enqueue([one]);
    await Bun.sleep(2);
  }
  expect(await pagesOf(tenantId, 2)).toEqual([ids.slice(0, 2), ids.slice(2)]);
  expect(await pagesOf(newId('org'), 2)).toEqual([[]]);
});

test('list: each state lists its jobs only', async () => {
  const tenantId = newId('org');
  const ask = (definition: JobRequest['job'], more: Partial<JobRequest> = {}) =>
    request(definition, {}, { tenantId, ...more });
  const child = ask(waits);
  const asked = {
    waiting: ask(waits),
    active: ask(hanging),
    completed: ask(job),
    failed: ask(fails),
    delayed: ask(job, { delayMs: 3_600_000 }),
    blocked: ask(job, { dependsOn: { jobs: [child], onFailure: 'fail' } }),
  } satisfies Record<JobStateName, JobRequest>;
  await work(handlers, 5);
  await queues.enqueue(Object.values(asked));
  const stateOf = async (id: string) => (await control.require(tenantId, id)).state;
  for (const state of jobStates) {
    await until(async () => (await stateOf(asked[state].id)) === state);
  }
  for (const state of jobStates) {
    const ids = (await pagesOf(tenantId, 5, state)).flat().toSorted();
    const children = state === 'waiting' ? [child.id] : [];
    expect(ids).toEqual([asked[state].id, ...children].toSorted());
  }
  await control.cancel(tenantId, asked.active.id, 'test');
});

test('list: a page of 3 failed jobs among 1,000 costs under 20 commands', async () => {
  const tenantId = newId('org');
  const many = (count: number, definition: JobRequest['job']) =>
    Array.from({ length: count }, () => request(definition, {}, { tenantId }));
  await work(handlers);
  const failing = many(3, fails);
  await queues.enqueue(failing);
  const failed = async () => (await pagesOf(tenantId, 5, 'failed')).flat();
  await until(async () => (await failed()).length, { equals: 3 });
  await queues.enqueue(many(997, waits));

  const sent = spyOn(valkey, 'sendCommand');
  const [first, second] = await pagesOf(tenantId, 2, 'failed');
  const commands = sent.mock.calls.length;
  sent.mockRestore();
  expect([first?.length, second?.length]).toEqual([2, 1]);
  expect([...(first ?? []), ...(second ?? [])].toSorted()).toEqual(
    failing.map(({ id }) => id).toSorted(),
  );
  expect(commands).toBeLessThan(20);
});
