import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { type CacheSource, createCache } from '@insightdesk/shared/cache';
import type { Id } from '@insightdesk/shared/contract';
import { connect, createDatabase, type Database } from '@insightdesk/shared/database';
import {
  catalogOf,
  createRelay,
  defineEvent,
  effectsBy,
  type RecordedEvent,
  type RelayOptions,
  record,
} from '@insightdesk/shared/events';
import {
  createLossWatch,
  createQueues,
  defineJob,
  jobFor,
  type Queues,
} from '@insightdesk/shared/jobs';
import { createLogger } from '@insightdesk/shared/logging';
import { type ChannelLog, createChannelLog, roomOf } from '@insightdesk/shared/realtime';
import { createTestDatabase, testEnvironment, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey, type Valkey } from '@insightdesk/shared/valkey';
import { z } from 'zod';
import { createDispatch } from './dispatch.ts';
import { createRefill } from './refill.ts';

const happened = defineEvent('thing.happened', z.object({ n: z.number() }), {
  staff: 'payload',
  forgets: ['things'],
});
const poison = defineEvent('thing.poisoned', z.object({}));
const work = defineJob({
  name: 'thing.work',
  queue: 'maintenance',
  payload: z.object({ n: z.number() }),
});
const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });

const prefix = `test-${newId('evt')}`;

let server: Awaited<ReturnType<typeof createTestDatabase>>;
let database: Database;
let admin: ReturnType<typeof connect>;
let valkey: Valkey;
let cacheBus: Valkey;
let cache: CacheSource;
let queues: Queues;
let channelLog: ChannelLog;
let tenantId: Id<'org'>;
let channel: string;

const consequencesOf = effectsBy(catalogOf({ happened, poison }), {
  'thing.happened': (event: RecordedEvent<typeof happened>) => [jobFor(event, work, event.payload)],
  'thing.poisoned': () => {
    throw new Error('a bug in a reaction');
  },
});

beforeAll(async () => {
  server = await createTestDatabase();
  database = createDatabase({
    url: server.url,
    relayUrl: server.relayUrl,
    poolMin: 1,
    poolMax: 2,
    timeoutMs: 5000,
    slowQueryMs: 5000,
  });
  admin = connect(server.adminUrl, { timeoutMs: 5000 });
  valkey = createValkey(testEnvironment.valkeyUrl, {
    name: 'test',
    role: 'blocking',
    onError: () => {},
  });
  cacheBus = valkey.duplicate();
  cache = createCache({ valkey, subscriber: cacheBus, onError: () => {} });
  queues = createQueues(valkey, prefix);
  channelLog = createChannelLog(valkey, { historyLength: 1000, historySeconds: 60 });
});

afterAll(async () => {
  await queues.get('maintenance').obliterate({ force: true });
  await queues.close();
  valkey.disconnect();
  cacheBus.disconnect();
  await Promise.all([database.close(), admin.end()]);
  await server.drop();
});

beforeEach(async () => {
  tenantId = newId('org');
  channel = `private-organization-${tenantId}`;
  await queues.get('maintenance').drain();
  await admin`truncate outbox`;
});

function tell(...ns: number[]) {
  return database.write({ tenantId }, async (tx) => {
    const ctx = { tx, tenantId, requestId: 'r' };
    for (const n of ns) await record(ctx, happened, { n });
  });
}

const dispatchTo = (jobs = createLossWatch(valkey, prefix)) =>
  createDispatch(consequencesOf, { channelLog, queues, jobs, cache });

const start = (dispatch = dispatchTo(), prepare?: RelayOptions['prepare']) => {
  const relay = createRelay({
    url: server.relayUrl,
    log,
    dispatch,
    pollMs: 100,
    electionMs: 50,
    ...(prepare && { prepare }),
  });
  relay.start();
  return relay;
};

async function heard(): Promise<number[]> {
  const first = await channelLog.readPage(roomOf(tenantId, channel)).catch(() => undefined);
  const { epoch } = first ?? (await channelLog.read(roomOf(tenantId, channel)));
  const { events } = await channelLog.read(roomOf(tenantId, channel), { epoch, offset: 0 });
  return events.map(({ data }) => (data as { n: number }).n);
}

const waiting = async () => {
  const [row] = await admin`select count(*)::int as n from outbox where relayed_at is null`;
  return row?.n as number;
};

test('what is committed is heard in order and enqueued once; what is rolled back is not', async () => {
  const relay = start();
  await tell(1, 2, 3);
  const undone = database.write({ tenantId }, async (tx) => {
    await record({ tx, tenantId, requestId: 'r' }, happened, { n: 13 });
    throw new Error('rolled back');
  });
  await expect(undone).rejects.toThrow('rolled back');
  await tell(4);
  await until(async () => (await waiting()) === 0);
  expect(await heard()).toEqual([1, 2, 3, 4]);
  expect(await queues.get('maintenance').getPrioritizedCount()).toBe(4);
  await relay.stop();
});

test('the cache forgets, even if whoever recorded it died right after the commit', async () => {
  const mine = cache.forTenant(tenantId);
  await mine.set('count', 1, { ttlSeconds: 60, tags: ['things'] });
  await mine.set('else', 1, { ttlSeconds: 60 });
  // Without a cache of its own nobody but the relay can drop it.
  await tell(1);
  expect(await mine.get<number>('count')).toBe(1);
  const relay = start();
  await until(async () => (await mine.get('count')) === undefined);
  expect(await mine.get<number>('else')).toBe(1);
  await relay.stop();
});

test('a relay that dies between append and mark is followed by one that changes nothing', async () => {
  const dispatch = dispatchTo();
  const dying = start(async (events) => {
    await dispatch(events);
    return new Promise<never>(() => {});
  });
  await tell(1, 2, 3);
  await until(async () => (await heard()).length === 3);
  const pids = await admin`select pid from pg_locks where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())`;
  for (const { pid } of pids) await admin`select pg_terminate_backend(${pid})`;

  const next = start();
  await until(async () => (await waiting()) === 0);
  expect(await heard()).toEqual([1, 2, 3]);
  expect(await queues.get('maintenance').getPrioritizedCount()).toBe(3);
  await next.stop();
  void dying.stop();
});

/** Dispatches, and holds up what follows from the first batch until `gate` lets it go on. */
function held(gate: Promise<void>) {
  const dispatch = dispatchTo();
  const followed: number[] = [];
  let batches = 0;
  const slow = (events: RecordedEvent[], told?: () => Promise<void>) => {
    const isFirst = batches++ === 0;
    return dispatch(events, async () => {
      await told?.();
      if (isFirst) await gate;
      followed.push(...events.map(({ payload }) => (payload as { n: number }).n));
    });
  };
  return { slow, followed };
}

test('the next batch is told while what follows from the one before takes its time', async () => {
  const gate = Promise.withResolvers<void>();
  const { slow, followed } = held(gate.promise);
  const relay = start(slow);
  await tell(1);
  await until(async () => (await heard()).length === 1);
  await tell(2);
  await until(async () => (await heard()).length === 2);
  expect(followed).toEqual([]);
  expect(await waiting()).toBe(2);
  gate.resolve();
  await until(async () => (await waiting()) === 0);
  expect(followed).toEqual([1, 2]);
  expect(await heard()).toEqual([1, 2]);
  await relay.stop();
});

test('what is to be put back is read when all that was told is marked', async () => {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const found = Promise.withResolvers<number>();
  let isTold = false;
  const relay = start(held(gate.promise).slow, async (recent) => {
    if (!isTold) return;
    asked.resolve();
    found.resolve((await recent({ limit: 10, seconds: 60 })).length);
  });
  await tell(1);
  await until(async () => (await heard()).length === 1);
  isTold = true;
  await asked.promise;
  gate.resolve();
  expect(await found.promise).toBe(1);
  await relay.stop();
});

test('when what follows from a batch fails all of it is repeated, and heard once', async () => {
  const gate = Promise.withResolvers<void>();
  const relay = start(held(gate.promise).slow);
  await tell(1);
  await until(async () => (await heard()).length === 1);
  await tell(2);
  await until(async () => (await heard()).length === 2);
  gate.reject(new Error('no queue'));
  await until(async () => (await waiting()) === 0);
  expect(await heard()).toEqual([1, 2]);
  expect(await queues.get('maintenance').getPrioritizedCount()).toBe(2);
  await relay.stop();
});

test('jobs that Valkey lost, with its data or with the end of it, are enqueued again', async () => {
  const jobs = createLossWatch(valkey, prefix);
  const channels = { isFilled: async () => true, refill: async () => 0 };
  const options = { channels, jobs, queues, historySeconds: 60, log };
  const relay = start(dispatchTo(jobs), createRefill(consequencesOf, options));
  const queue = queues.get('maintenance');
  const note = `${prefix}:enqueued`;
  const count = () => queue.getPrioritizedCount();
  await tell(1, 2);
  await until(async () => (await waiting()) === 0);
  expect(await count()).toBe(2);

  await queue.obliterate({ force: true });
  await valkey.del(note);
  await until(async () => (await count()) === 2);

  await until(async () => (await valkey.exists(note)) === 1);
  const before = (await valkey.get(note)) ?? '';
  await tell(3);
  await until(async () => (await count()) === 3 && (await valkey.get(note)) !== before);
  const [last] = await queue.getPrioritized(2, 2);
  await last?.remove();
  await valkey.set(note, before);
  await until(async () => (await count()) === 3 && (await valkey.get(note)) !== before);
  await relay.stop();
});

test('of two relays one works, and the other takes over when it stops', async () => {
  const relays = [start(), start()];
  await until(() => relays.some(({ isLeader }) => isLeader));
  await Bun.sleep(300);
  expect(relays.filter(({ isLeader }) => isLeader)).toHaveLength(1);
  await tell(1);
  await until(async () => (await heard()).length === 1);
  const leader = relays.find(({ isLeader }) => isLeader);
  await leader?.stop();
  await tell(2);
  await until(async () => (await waiting()) === 0);
  expect(await heard()).toEqual([1, 2]);
  await Promise.all(relays.map((relay) => relay.stop()));
});

test('a relayed event is kept with the places of its entries', async () => {
  const relay = start();
  await tell(1, 2);
  await until(async () => (await waiting()) === 0);
  const { epoch } = await channelLog.read(roomOf(tenantId, channel));
  const rows = await admin`select places from outbox order by position`;
  expect(rows.map(({ places }) => places)).toEqual([
    { [channel]: [epoch, 1] },
    { [channel]: [epoch, 2] },
  ]);
  await relay.stop();
});

test('an event that cannot be reacted to is set aside with its reason', async () => {
  await tell(1);
  await database.write({ tenantId }, (tx) => record({ tx, tenantId, requestId: 'r' }, poison, {}));
  await tell(2);
  const relay = start();
  await until(async () => (await waiting()) === 0);
  expect(await heard()).toEqual([1, 2]);
  const [row] = await admin`select failure from outbox where name = 'thing.poisoned'`;
  expect(row?.failure).toContain('a bug in a reaction');
  await relay.stop();
});

test('the relay sees the outbox of all tenants and nothing else', async () => {
  const own = connect(server.relayUrl, { timeoutMs: 5000 });
  await tell(1);
  expect(await own`select 1 from outbox`).toHaveLength(1);
  for (const query of [
    'select 1 from users',
    'select 1 from messages',
    "update outbox set name = 'x'",
  ]) {
    await expect(own.unsafe(query).execute()).rejects.toThrow('permission denied');
  }
  await own.end();
});
