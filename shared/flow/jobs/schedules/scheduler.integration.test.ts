import { afterAll, expect, test } from 'bun:test';
import { openIsolatedDatabase, until } from '@insightdesk/shared/testing';
import { z } from 'zod';
import { defineJob } from '../definition/define-job.ts';
import { createTestQueues, request } from '../testing/test-queues.ts';
import { listSchedules, pauseSchedule, resumeSchedule } from './schedule-states.ts';
import { type CatchUp, createScheduler, defineSchedules } from './scheduler.ts';

const tick = defineJob({ name: 'test.tick', queue: 'maintenance', payload: z.object({}) });
const daily = { cron: '0 3 * * *', timeZone: 'UTC' };
const stage = createTestQueues();
const { database, admin, close } = await openIsolatedDatabase();
afterAll(async () => {
  await stage.close();
  await close();
});

/** A scheduler with its own clock. */
function openScheduler(name: string, catchUp: CatchUp, at: string) {
  const clock = { now: new Date(at) };
  const schedules = defineSchedules({ [name]: { ...daily, catchUp, job: tick, payload: {} } });
  const { log, queues } = stage;
  const options = { schedules, database, log, enqueue: queues.enqueue };
  const scheduler = createScheduler({ ...options, isLeader: () => true, now: () => clock.now });
  const passTo = async (time: string) => {
    clock.now = new Date(time);
    await scheduler.tick();
  };
  return { ...scheduler, passTo };
}

/** The days of the waiting jobs of a schedule, oldest first. */
async function waitingDays(name: string) {
  const jobs = await stage.queues.get('maintenance').getJobs(['prioritized', 'wait']);
  const ids = jobs.map(({ id }) => id as string).filter((id) => id.includes(`-${name}-`));
  return ids.map((id) => /(\d\d)T030000\.000Z$/.exec(id)?.[1]).sort();
}

test('a new schedule does not run at once, then once per due time', async () => {
  const { passTo } = openScheduler('plain', 'latest', '2026-05-01T12:00Z');
  await passTo('2026-05-01T12:00Z');
  await passTo('2026-05-02T02:59:59Z');
  expect(await waitingDays('plain')).toEqual([]);
  await passTo('2026-05-02T03:00:00Z');
  await passTo('2026-05-02T03:00:01Z');
  expect(await waitingDays('plain')).toEqual(['02']);
  await passTo('2026-05-03T03:00:00Z');
  expect(await waitingDays('plain')).toEqual(['02', '03']);
});

test.each([
  ['skip', []],
  ['latest', ['05']],
  ['all', ['02', '03', '04', '05']],
] as const)('catchUp after three days without a worker: %s', async (catchUp, days) => {
  const { passTo } = openScheduler(`catch-up-${catchUp}`, catchUp, '2026-05-01T12:00Z');
  await passTo('2026-05-01T12:00Z');
  await passTo('2026-05-05T12:00Z');
  expect(await waitingDays(`catch-up-${catchUp}`)).toEqual([...days]);
  await passTo('2026-05-06T03:00:20Z');
  expect(await waitingDays(`catch-up-${catchUp}`)).toEqual([...days, '06']);
});

test('three schedulers at once, or a crash before the due time is stored, enqueue once', async () => {
  const three = Array.from({ length: 3 }, () =>
    openScheduler('shared', 'all', '2026-05-01T12:00Z'),
  );
  await Promise.all(three.map(({ passTo }) => passTo('2026-05-01T12:00Z')));
  await Promise.all(three.map(({ passTo }) => passTo('2026-05-03T03:00Z')));
  expect(await waitingDays('shared')).toEqual(['02', '03']);

  await admin`update schedules set due_at = '2026-05-02T03:00Z' where name = 'shared'`;
  await three[0]?.passTo('2026-05-03T03:00:05Z');
  expect(await waitingDays('shared')).toEqual(['02', '03']);
});

test('a paused schedule is skipped and not caught up', async () => {
  const { passTo } = openScheduler('pausing', 'all', '2026-05-01T12:00Z');
  await passTo('2026-05-01T12:00Z');
  await pauseSchedule(database, 'pausing');
  await passTo('2026-05-03T12:00Z');
  await resumeSchedule(database, 'pausing');
  await passTo('2026-05-04T03:00Z');
  expect(await waitingDays('pausing')).toEqual(['04']);
  const [state] = await listSchedules(database);
  expect(state).toMatchObject({
    name: 'pausing',
    timing: '0 3 * * * UTC',
    pausedAt: null,
    dueAt: new Date('2026-05-05T03:00Z'),
    firedAt: new Date('2026-05-04T03:00Z'),
  });
  await expect(pauseSchedule(database, 'nobody')).rejects.toThrow('Unknown schedule nobody');
});

test('a scheduler that does not lead enqueues nothing', async () => {
  const schedules = defineSchedules({
    idle: { everyMs: 1_000, catchUp: 'all', job: tick, payload: {} },
  });
  const enqueue = () => Promise.reject(new Error('unexpected enqueue'));
  const options = { schedules, database, enqueue, log: stage.log };
  await createScheduler({ ...options, isLeader: () => false }).tick();
  expect((await listSchedules(database)).map(({ name }) => name)).not.toContain('idle');
});

test('a system job has no organization and no steps', async () => {
  const errors: string[] = [];
  await stage.queues.get('maintenance').drain();
  await stage.work({
    'test.tick': {
      job: tick,
      async run(_payload, run) {
        for (const ask of [() => run.tenantId, () => run.step('one', async () => 1)]) {
          await Promise.try<unknown, []>(ask).catch((error) => errors.push(error.message));
        }
      },
    },
  });
  const one = request(tick, {}, { tenantId: 'system' });
  await stage.queues.enqueue([one]);
  await until(async () => (await stage.control.require('system', one.id)).state, {
    equals: 'completed',
  });
  expect(errors).toEqual([
    'test.tick is a system job',
    'A system job has no durable steps: make it safe to repeat',
  ]);
});
