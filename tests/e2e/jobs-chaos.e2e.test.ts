import { afterAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { toUuid } from '@insightdesk/shared/contract';
import { connect, createDatabase } from '@insightdesk/shared/database';
import { outbox } from '@insightdesk/shared/events';
import { createJobControl, createQueues, queueNames, readJobLoad } from '@insightdesk/shared/jobs';
import { createTestDatabase } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { isLocalStack, until } from './client.ts';
import { asked, type Fate, planOf, written } from './jobs-chaos/catalog.ts';
import { keep, keepValkey, openOutside, type Victim } from './jobs-chaos/fixture.ts';

const EVENTS = 3_130;
const JOBS = 5_008;
const SLICES = 50;
const KILLS = 20;
const ORGANIZATIONS = 5;
/** Nothing ends any more. */
const STUCK_MS = 90_000;

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function openStage() {
  const base = await createTestDatabase();
  closing.push(() => base.drop());
  const sql = connect(base.adminUrl, { timeoutMs: 30_000 });
  const database = createDatabase({
    url: base.url,
    poolMin: 1,
    poolMax: 1,
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
  const server = await keepValkey();
  const outside = openOutside();
  const settings = JSON.stringify({
    database: base.url,
    relay: base.relayUrl,
    valkey: server.url,
    outside: outside.url,
  });
  const start = (role: string) =>
    keep([process.execPath, join(import.meta.dir, 'jobs-chaos/process.ts'), role, settings]);
  const workers = Array.from({ length: 3 }, () => start('worker'));
  const relay = start('relay');
  const valkey = createValkey(server.url, { name: 't', role: 'blocking', onError: () => {} });
  const queues = createQueues(valkey);
  closing.push(
    () => server.stop(),
    () => outside.stop(),
    () => Promise.all([...workers, relay].map((victim) => victim.stop())),
    () => valkey.disconnect(),
  );
  return { sql, database, tenants, outside, queues, valkey, workers, relay, server };
}

type Stage = Awaited<ReturnType<typeof openStage>>;

/** Commits the next facts as actions do; gives the fate of every job that follows from them. */
async function ask({ database, tenants }: Stage, from: number, to: number) {
  const fates: [string, Fate][] = [];
  for (const [t, tenantId] of tenants.entries()) {
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    const rows = numbers
      .filter((n) => Math.floor(n / 10) % tenants.length === t)
      .map((n) => ({
        tenantId,
        eventId: newId('evt'),
        name: asked.name,
        requestId: 'chaos',
        payload: { n },
      }));
    if (rows.length === 0) continue;
    await database.write({ tenantId }, (tx) => tx.insert(outbox).values(rows));
    for (const row of rows) {
      const event = { ...row, id: row.eventId };
      for (const { job, fate } of planOf(event)) fates.push([job.id, fate]);
    }
  }
  return fates;
}

/** Every job that BullMQ knows, with what the dead letter says. */
async function endedJobs({ queues }: Stage) {
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
  '5,000 jobs, three workers, 20 kills of workers, relay and Valkey: each ends, each effect counts once',
  async () => {
    const startedAt = performance.now();
    const stage = await openStage();
    const { sql, outside, queues, valkey, workers, relay, server } = stage;
    const control = createJobControl(queues, valkey);
    const fates = new Map<string, Fate>();
    const killed = { worker: 0, relay: 0, valkey: 0 };
    let isAsking = true;

    const killing = (async () => {
      await until(() => outside.asked.size > 0, 60_000);
      for (let n = 0; n < KILLS; n++) {
        await Bun.sleep(800 + Math.random() * 1_600);
        const kind = (['worker', 'valkey', 'worker', 'relay'] as const)[n % 4] ?? 'worker';
        const worker = workers[Math.floor(Math.random() * workers.length)] as Victim;
        await { worker, relay, valkey: server }[kind].kill();
        killed[kind]++;
      }
    })();
    const asking = (async () => {
      for (let slice = 0; slice < SLICES; slice++) {
        // More at first than anybody has room for, however quick the workers are.
        const at = (n: number) => (n === 0 ? 0 : Math.round(EVENTS * (0.2 + (0.8 * n) / SLICES)));
        for (const [id, fate] of await ask(stage, at(slice), at(slice + 1))) fates.set(id, fate);
        await Bun.sleep(650);
      }
      isAsking = false;
    })();
    await Promise.all([killing, asking]);
    const lastKillAt = performance.now();
    expect(isAsking).toBe(false);
    expect(killed).toEqual({ worker: 10, valkey: 5, relay: 5 });
    expect(fates.size).toBe(JOBS);

    // As long as some end, the rest may take its time.
    let count = 0;
    let endedAt = performance.now();
    const isOver = async () => {
      const stats = Object.values(await control.getStats());
      const [left] = await sql`select count(*)::int as n from outbox where relayed_at is null`;
      const now = stats.reduce((all, s) => all + s.completed + s.failed, 0);
      if (now > count) endedAt = performance.now();
      count = now;
      return (left?.n === 0 && now === JOBS) || performance.now() > endedAt + STUCK_MS;
    };
    await until(isOver, 400_000).catch(() => {});
    const ended = await endedJobs(stage);

    const rows = await sql`select payload->>'job' as job, count(*)::int as n from outbox
      where name = ${written.name} group by 1`;
    const rowsOf = new Map(rows.map(({ job, n }) => [job, n]));
    const [held] = await sql`select count(*)::int as n,
      count(*) filter (where released_at is null)::int as waiting from held_jobs`;
    const tells = [...fates].filter(([, fate]) => fate.tells);
    const repeats = [...outside.asked.values()].filter((n) => n > 1).length;
    const seconds = (from: number, to = performance.now()) =>
      Number(((to - from) / 1_000).toFixed(1));
    console.log(
      'jobs chaos:',
      JSON.stringify({
        jobs: fates.size,
        killed,
        ended: ended.size,
        held: held?.n,
        deadLetters: [...ended.values()].filter(({ state }) => state === 'failed').length,
        effectsOutside: outside.asked.size,
        toldAgainWithTheSameKey: repeats,
        facts: rows.length,
        mostUnderOneLimit: outside.mostTogether(),
        seconds: seconds(startedAt),
        secondsAfterTheLastKill: seconds(lastKillAt),
      }),
    );

    const wrong = [...fates].flatMap(([id, fate]) => {
      const { state, failedReason = '' } = ended.get(id) ?? { state: 'lost' };
      const isFine = fate.reason
        ? state === 'failed' && failedReason.includes(fate.reason)
        : state === 'completed';
      return isFine ? [] : [{ id, fate, state, failedReason }];
    });
    expect(wrong).toEqual([]);
    expect(ended.size).toBe(JOBS);
    expect([...outside.asked.keys()].sort()).toEqual(tells.map(([id]) => `${id}-tell`).sort());
    for (const [job, keys] of outside.keysOfJob) expect([...keys]).toEqual([`${job}-tell`]);
    expect([...rowsOf.keys()].sort()).toEqual(
      [...fates].flatMap(([id, fate]) => (fate.writes ? [id] : [])).sort(),
    );
    expect([...rowsOf.values()].filter((n) => n !== 1)).toEqual([]);
    // Some worker was killed between an effect and its mark; what came again bore the same key.
    expect(repeats).toBeGreaterThan(0);
    expect(outside.mostTogether()).toBeLessThanOrEqual(2);
    // There was no room for many of them, and there is room again for all.
    expect(held?.n).toBeGreaterThan(100);
    expect(held?.waiting).toBe(0);
    await until(async () => {
      const loads = await Promise.all(stage.tenants.map((id) => readJobLoad(valkey, id)));
      return loads.every(({ jobs }) => jobs === 0);
    }, 30_000);
    const blocked = Object.values(await control.getStats()).map((stats) => stats.blocked);
    expect(blocked.every((count) => count === 0)).toBe(true);
  },
  600_000,
);
