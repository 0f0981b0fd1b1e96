import { afterAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { toUuid } from '@insightdesk/shared/contract';
import { connect, createDatabase } from '@insightdesk/shared/database';
import { outbox } from '@insightdesk/shared/events';
import {
  createJobControl,
  createQueues,
  queueNames,
  readQueueUsage,
} from '@insightdesk/shared/jobs';
import { createTestDatabase } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { bySize } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import { isLocalStack } from './client.ts';
import { jobsRequested, type Outcome, planJobs, rowWritten } from './jobs-chaos/catalog.ts';
import { createExternalService } from './jobs-chaos/external-service.ts';
import { type RestartingProcess, startProcess, startValkey } from './outage/restarting-process.ts';

const EVENTS = bySize(620, 3_130);
/** 10 events cause 16 jobs. */
const JOBS = (EVENTS / 10) * 16;
const SLICES = bySize(10, 50);
const KILLS = bySize(4, 20);
const ORGANIZATIONS = 5;
/** The test gives up after this time without an ended job. */
const STUCK_TIMEOUT_MS = 90_000;

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function createFixture() {
  const base = await createTestDatabase();
  closing.push(() => base.drop());
  const sql = connect(base.adminUrl, { timeoutMs: 30_000 });
  const database = createDatabase({
    url: base.url,
    readers: 1,
    writers: 1,
    timeoutMs: 30_000,
    slowQueryMs: 60_000,
  });
  closing.push(
    () => sql.end({ timeout: 1 }),
    () => database.close(),
  );
  const tenants = Array.from({ length: ORGANIZATIONS }, () => newId('org'));
  for (const id of tenants)
    await sql`insert into organizations (id, name) values (${toUuid(id)}, 'x')`;
  const server = await startValkey();
  const external = createExternalService();
  const settings = JSON.stringify({
    database: base.url,
    relay: base.relayUrl,
    valkey: server.url,
    external: external.url,
  });
  const start = (role: string) =>
    startProcess([
      process.execPath,
      join(import.meta.dir, 'jobs-chaos/process.ts'),
      role,
      settings,
    ]);
  const workers = Array.from({ length: 3 }, () => start('worker'));
  const relay = start('relay');
  const valkey = createValkey(server.url, { name: 't', role: 'blocking', onError: () => {} });
  const queues = createQueues(valkey);
  closing.push(
    () => server.stop(),
    () => external.stop(),
    () => Promise.all([...workers, relay].map((child) => child.stop())),
    () => valkey.disconnect(),
  );
  return { sql, database, tenants, external, queues, valkey, workers, relay, server };
}

type Fixture = Awaited<ReturnType<typeof createFixture>>;

/** Commits the next events. Returns the expected outcomes of their jobs. */
async function recordEvents({ database, tenants }: Fixture, from: number, to: number) {
  const outcomes: [string, Outcome][] = [];
  for (const [t, tenantId] of tenants.entries()) {
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    const rows = numbers
      .filter((n) => Math.floor(n / 10) % tenants.length === t)
      .map((n) => ({
        tenantId,
        eventId: newId('evt'),
        name: jobsRequested.name,
        requestId: 'chaos',
        payload: { n },
      }));
    if (rows.length === 0) continue;
    await database.write({ tenantId }, (tx) => tx.insert(outbox).values(rows));
    for (const row of rows) {
      const event = { ...row, id: row.eventId };
      for (const { job, outcome } of planJobs(event)) outcomes.push([job.id, outcome]);
    }
  }
  return outcomes;
}

/** All ended jobs in BullMQ with their failure reasons. */
async function listEndedJobs({ queues }: Fixture) {
  const found = await Promise.all(
    queueNames.flatMap((name) =>
      (['completed', 'failed'] as const).map(async (state) => {
        const jobs = await queues.get(name).getJobs([state]);
        return jobs.map(({ id = '', failedReason, attemptsMade }) => {
          return [id.split('~')[1] ?? '', { state, failedReason, attemptsMade }] as const;
        });
      }),
    ),
  );
  return new Map(found.flat());
}

test.skipIf(!isLocalStack)(
  `${JOBS} jobs end with one effect each across ${KILLS} kills of workers, relay and Valkey`,
  async () => {
    const fixture = await createFixture();
    const { sql, external, queues, valkey, workers, relay, server } = fixture;
    const control = createJobControl(queues, valkey);
    const outcomes = new Map<string, Outcome>();
    const killed = { worker: 0, relay: 0, valkey: 0 };
    let isRecording = true;

    const killing = (async () => {
      await until(() => external.requests.size, { atLeast: 1, timeoutMs: 60_000 });
      for (let n = 0; n < KILLS; n++) {
        await Bun.sleep(800 + Math.random() * 1_600);
        const kind = (['worker', 'valkey', 'worker', 'relay'] as const)[n % 4] ?? 'worker';
        const worker = workers[Math.floor(Math.random() * workers.length)] as RestartingProcess;
        await { worker, relay, valkey: server }[kind].kill();
        killed[kind]++;
      }
    })();
    const recording = (async () => {
      for (let slice = 0; slice < SLICES; slice++) {
        // The first slice exceeds the quotas, also with fast workers.
        const firstOf = (n: number) =>
          n === 0 ? 0 : Math.round(EVENTS * (0.2 + (0.8 * n) / SLICES));
        for (const [id, outcome] of await recordEvents(fixture, firstOf(slice), firstOf(slice + 1)))
          outcomes.set(id, outcome);
        await Bun.sleep(650);
      }
      isRecording = false;
    })();
    await Promise.all([killing, recording]);
    expect(isRecording).toBe(false);
    expect(killed).toEqual({ worker: KILLS / 2, valkey: KILLS / 4, relay: KILLS / 4 });
    expect(outcomes.size).toBe(JOBS);

    // Waits while jobs end.
    let count = 0;
    let endedAt = performance.now();
    const isOver = async () => {
      const stats = Object.values(await control.getStats());
      const [left] = await sql`select count(*)::int as n from outbox where relayed_at is null`;
      const ended = stats.reduce((sum, s) => sum + s.completed + s.failed, 0);
      if (ended > count) endedAt = performance.now();
      count = ended;
      return (left?.n === 0 && ended === JOBS) || performance.now() > endedAt + STUCK_TIMEOUT_MS;
    };
    await until(isOver, { timeoutMs: 400_000 }).catch(() => {});
    const ended = await listEndedJobs(fixture);

    const rows = await sql`select payload->>'job' as job, count(*)::int as n from outbox
      where name = ${rowWritten.name} group by 1`;
    const rowsOf = new Map(rows.map(({ job, n }) => [job, n]));
    const [parked] = await sql`select count(*)::int as n,
      count(*) filter (where released_at is null)::int as waiting from parked_jobs`;
    const externalCalls = [...outcomes].filter(([, outcome]) => outcome.callsExternal);
    const repeats = [...external.requests.values()].filter((n) => n > 1).length;

    const wrong = [...outcomes].flatMap(([id, outcome]) => {
      const { state, failedReason = '' } = ended.get(id) ?? { state: 'lost' };
      const isExpected = outcome.reason
        ? state === 'failed' && failedReason.includes(outcome.reason)
        : state === 'completed';
      return isExpected ? [] : [{ id, outcome, state, failedReason }];
    });
    expect(wrong).toEqual([]);
    expect(ended.size).toBe(JOBS);
    expect([...external.requests.keys()].sort()).toEqual(
      externalCalls.map(([id]) => `${id}-call`).sort(),
    );
    for (const [job, keys] of external.keysOfJob) expect([...keys]).toEqual([`${job}-call`]);
    expect([...rowsOf.keys()].sort()).toEqual(
      [...outcomes].flatMap(([id, outcome]) => (outcome.writes ? [id] : [])).sort(),
    );
    expect([...rowsOf.values()].filter((n) => n !== 1)).toEqual([]);
    // A worker was killed between an effect and its record; the repeated effect has the same key.
    expect(repeats).toBeGreaterThan(bySize(-1, 0));
    expect(external.maxConcurrent()).toBeLessThanOrEqual(2);
    // Many jobs were parked, and all were released.
    expect(parked?.n).toBeGreaterThan(bySize(-1, 100));
    expect(parked?.waiting).toBe(0);
    await until(
      async () => {
        const loads = await Promise.all(fixture.tenants.map((id) => readQueueUsage(valkey, id)));
        return loads.every(({ jobs }) => jobs === 0);
      },
      { timeoutMs: 30_000 },
    );
    const blocked = Object.values(await control.getStats()).map((stats) => stats.blocked);
    expect(blocked.every((count) => count === 0)).toBe(true);
  },
  600_000,
);
