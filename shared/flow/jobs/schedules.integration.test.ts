import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connect, createDatabase, type Database } from '@insightdesk/shared/database';
import { createTestDatabase, until } from '@insightdesk/shared/testing';
import { z } from 'zod';
import { defineJob } from './define-job.ts';
import { listSchedules, pauseSchedule, resumeSchedule } from './schedule-list.ts';
import { type CatchUp, createScheduler, defineSchedules } from './schedules.ts';
import { createJobStage, request } from './test-jobs.ts';

const tick = defineJob({ name: 'test.tick', queue: 'maintenance', payload: z.object({}) });
const daily = { cron: '0 3 * * *', timeZone: 'UTC' };
const stage = createJobStage();
let server: Awaited<ReturnType<typeof createTestDatabase>>;
let database: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  const limits = { poolMin: 1, poolMax: 4, timeoutMs: 5000, slowQueryMs: 5000 };
  database = createDatabase({ ...server, ...limits });
});
afterAll(async () => {
  await stage.close();
  await database.close();
  await server.drop();
});

/** A scheduler with a clock of its own. */
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

/** The days of the firings that wait in the queue, oldest first. */
async function firings(name: string) {
  const jobs = await stage.queues.get('maintenance').getJobs(['prioritized', 'wait']);
  const ids = jobs.map(({ id }) => id as string).filter((id) => id.includes(`-${name}-`));
  return ids.map((id) => /(\d\d)T030000\.000Z$/.exec(id)?.[1]).sort();
}

test('nothing fires when it is first seen, then once each time', async () => {
  const { passTo } = openScheduler('plain', 'latest', '2026-05-01T12:00Z');
  await passTo('2026-05-01T12:00Z');
  await passTo('2026-05-02T02:59:59Z');
  expect(await firings('plain')).toEqual([]);
  await passTo('2026-05-02T03:00:00Z');
  await passTo('2026-05-02T03:00:01Z');
  expect(await firings('plain')).toEqual(['02']);
  await passTo('2026-05-03T03:00:00Z');
  expect(await firings('plain')).toEqual(['02', '03']);
});

test.each([
  ['skip', []],
  ['latest', ['05']],
  ['all', ['02', '03', '04', '05']],
] as const)('after three days away, %s', async (catchUp, days) => {
  const { passTo } = openScheduler(`away-${catchUp}`, catchUp, '2026-05-01T12:00Z');
  await passTo('2026-05-01T12:00Z');
  await passTo('2026-05-05T12:00Z');
  expect(await firings(`away-${catchUp}`)).toEqual([...days]);
  await passTo('2026-05-06T03:00:20Z');
  expect(await firings(`away-${catchUp}`)).toEqual([...days, '06']);
});

test('three at once fire once, and so does one that crashed before it wrote it down', async () => {
  const three = Array.from({ length: 3 }, () =>
    openScheduler('shared', 'all', '2026-05-01T12:00Z'),
  );
  await Promise.all(three.map(({ passTo }) => passTo('2026-05-01T12:00Z')));
  await Promise.all(three.map(({ passTo }) => passTo('2026-05-03T03:00Z')));
  expect(await firings('shared')).toEqual(['02', '03']);

  const admin = connect(server.adminUrl, { timeoutMs: 5000 });
  await admin`update schedules set due_at = '2026-05-02T03:00Z' where name = 'shared'`;
  await admin.end();
  await three[0]?.passTo('2026-05-03T03:00:05Z');
  expect(await firings('shared')).toEqual(['02', '03']);
});

test('what is paused is not done and not made up for; a new timing counts from now', async () => {
  const { passTo } = openScheduler('pausing', 'all', '2026-05-01T12:00Z');
  await passTo('2026-05-01T12:00Z');
  await pauseSchedule(database, 'pausing');
  await passTo('2026-05-03T12:00Z');
  await resumeSchedule(database, 'pausing');
  await passTo('2026-05-04T03:00Z');
  expect(await firings('pausing')).toEqual(['04']);
  const [state] = await listSchedules(database);
  expect(state).toMatchObject({
    name: 'pausing',
    timing: '0 3 * * * UTC',
    pausedAt: null,
    dueAt: new Date('2026-05-05T03:00Z'),
    firedAt: new Date('2026-05-04T03:00Z'),
  });
  await expect(pauseSchedule(database, 'nobody')).rejects.toThrow('There is no schedule nobody');
});

test('who does not lead does nothing', async () => {
  const schedules = defineSchedules({
    idle: { everyMs: 1_000, catchUp: 'all', job: tick, payload: {} },
  });
  const enqueue = () => Promise.reject(new Error('It did something'));
  const options = { schedules, database, enqueue, log: stage.log };
  await createScheduler({ ...options, isLeader: () => false }).tick();
  expect((await listSchedules(database)).map(({ name }) => name)).not.toContain('idle');
});

test('a job of the system has no organisation and no steps', async () => {
  const refusals: string[] = [];
  await stage.queues.get('maintenance').drain();
  await stage.work({
    'test.tick': {
      job: tick,
      async run(_payload, run) {
        for (const ask of [() => run.tenantId, () => run.step('one', async () => 1)]) {
          await Promise.try<unknown, []>(ask).catch((error) => refusals.push(error.message));
        }
      },
    },
  });
  const one = request(tick, {}, { tenantId: 'system' });
  await stage.queues.enqueue([one]);
  await until(async () => (await stage.control.require('system', one.id)).state, {
    equals: 'completed',
  });
  expect(refusals).toEqual([
    'test.tick is a job of the system',
    'A job of the system has no durable steps: make it safe to repeat',
  ]);
});
