import { afterAll, beforeEach, expect, test } from 'bun:test';
import { createCache } from '@insightdesk/shared/cache';
import type { Id } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import {
  createEventCatalog,
  createRelay,
  defineEvent,
  effectsBy,
  type RecordedEvent,
  type RelayOptions,
  record,
} from '@insightdesk/shared/events';
import { createDataLossDetector, createQueues, defineJob, jobFor } from '@insightdesk/shared/jobs';
import { createLogger } from '@insightdesk/shared/logging';
import { createChannelLog, roomOf } from '@insightdesk/shared/realtime';
import { openIsolatedDatabase, testEnvironment, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { z } from 'zod';
import { createDispatch } from '../dispatch.ts';
import { createRebuild } from '../rebuild-from-outbox.ts';

const happened = defineEvent('thing.happened', z.object({ n: z.number() }), {
  staff: 'payload',
  invalidates: ['things'],
});
const failing = defineEvent('thing.failed', z.object({}));
const work = defineJob({
  name: 'thing.work',
  queue: 'maintenance',
  payload: z.object({ n: z.number() }),
});
const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });

const prefix = `test-${newId('evt')}`;

const { database, admin, relayUrl, close } = await openIsolatedDatabase();
const valkey = createValkey(testEnvironment.valkeyUrl, {
  name: 'test',
  role: 'blocking',
  onError: () => {},
});
const cacheBus = valkey.duplicate();
const cache = createCache({ valkey, subscriber: cacheBus, onError: () => {} });
const queues = createQueues(valkey, prefix);
const channelLog = createChannelLog(valkey, { historyLength: 1000, historySeconds: 60 });
let tenantId: Id<'org'>;
let channel: string;

const effectsOf = effectsBy(createEventCatalog({ happened, failing }), {
  'thing.happened': (event: RecordedEvent<typeof happened>) => [jobFor(event, work, event.payload)],
  'thing.failed': () => {
    throw new Error('a bug in a reaction');
  },
});

afterAll(async () => {
  await queues.get('maintenance').obliterate({ force: true });
  await queues.close();
  valkey.disconnect();
  cacheBus.disconnect();
  await close();
});

beforeEach(async () => {
  tenantId = newId('org');
  channel = `private-organization-${tenantId}`;
  await queues.get('maintenance').drain();
  await admin`truncate outbox`;
});

function recordEvents(...ns: number[]) {
  return database.write({ tenantId }, async (tx) => {
    const ctx = { tx, tenantId, requestId: 'r' };
    for (const n of ns) await record(ctx, happened, { n });
  });
}

const openDispatch = (dataLoss = createDataLossDetector(valkey, prefix)) =>
  createDispatch(effectsOf, { channelLog, queues, dataLoss, cache });

const start = (dispatch = openDispatch(), prepare?: RelayOptions['prepare']) => {
  const relay = createRelay({
    url: relayUrl,
    log,
    dispatch,
    pollMs: 100,
    electionMs: 50,
    ...(prepare && { prepare }),
  });
  relay.start();
  return relay;
};

async function readChannel(): Promise<number[]> {
  const first = await channelLog.readPage(roomOf(tenantId, channel)).catch(() => undefined);
  const { epoch } = first ?? (await channelLog.read(roomOf(tenantId, channel)));
  const { events } = await channelLog.read(roomOf(tenantId, channel), { epoch, offset: 0 });
  return events.map(({ data }) => (data as { n: number }).n);
}

const countWaiting = async () => {
  const [row] = await admin`select count(*)::int as n from outbox where relayed_at is null`;
  return row?.n as number;
};

test('committed events are published in order and enqueued once, rolled back events are not', async () => {
  const relay = start();
  await recordEvents(1, 2, 3);
  const rolledBack = database.write({ tenantId }, async (tx) => {
    await record({ tx, tenantId, requestId: 'r' }, happened, { n: 13 });
    throw new Error('rolled back');
  });
  await expect(rolledBack).rejects.toThrow('rolled back');
  await recordEvents(4);
  await until(() => countWaiting(), { equals: 0 });
  expect(await readChannel()).toEqual([1, 2, 3, 4]);
  expect(await queues.get('maintenance').getPrioritizedCount()).toBe(4);
  await relay.stop();
});

test('the relay invalidates cache tags when the recording process died after the commit', async () => {
  const tenantCache = cache.forTenant(tenantId);
  await tenantCache.set('count', 1, { ttlSeconds: 60, tags: ['things'] });
  await tenantCache.set('else', 1, { ttlSeconds: 60 });
  // Recorded without a cache: only the relay can invalidate it.
  await recordEvents(1);
  expect(await tenantCache.get<number>('count')).toBe(1);
  const relay = start();
  await until(() => tenantCache.get('count'), { equals: undefined });
  expect(await tenantCache.get<number>('else')).toBe(1);
  await relay.stop();
});

test('a relay that repeats the batch of a killed one duplicates nothing', async () => {
  const dispatch = openDispatch();
  const killed = start(async (events) => {
    await dispatch(events);
    return new Promise<never>(() => {});
  });
  await recordEvents(1, 2, 3);
  await until(async () => (await readChannel()).length, { equals: 3 });
  const pids = await admin`select pid from pg_locks where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())`;
  for (const { pid } of pids) await admin`select pg_terminate_backend(${pid})`;

  const next = start();
  await until(() => countWaiting(), { equals: 0 });
  expect(await readChannel()).toEqual([1, 2, 3]);
  expect(await queues.get('maintenance').getPrioritizedCount()).toBe(3);
  await next.stop();
  void killed.stop();
});

/** A dispatch whose first batch waits for `gate` after publication. */
function gatedDispatch(gate: Promise<void>) {
  const dispatch = openDispatch();
  const dispatched: number[] = [];
  let batches = 0;
  const slow = (events: RecordedEvent[], onPublished?: () => Promise<void>) => {
    const isFirst = batches++ === 0;
    return dispatch(events, async () => {
      await onPublished?.();
      if (isFirst) await gate;
      dispatched.push(...events.map(({ payload }) => (payload as { n: number }).n));
    });
  };
  return { slow, dispatched };
}

test('the next batch is published while effects of the previous one are pending', async () => {
  const gate = Promise.withResolvers<void>();
  const { slow, dispatched } = gatedDispatch(gate.promise);
  const relay = start(slow);
  await recordEvents(1);
  await until(async () => (await readChannel()).length, { equals: 1 });
  await recordEvents(2);
  await until(async () => (await readChannel()).length, { equals: 2 });
  expect(dispatched).toEqual([]);
  expect(await countWaiting()).toBe(2);
  gate.resolve();
  await until(() => countWaiting(), { equals: 0 });
  expect(dispatched).toEqual([1, 2]);
  expect(await readChannel()).toEqual([1, 2]);
  await relay.stop();
});

test('prepare reads relayed events after the previous batch is marked', async () => {
  const gate = Promise.withResolvers<void>();
  const prepared = Promise.withResolvers<void>();
  const found = Promise.withResolvers<number>();
  let isPublished = false;
  const relay = start(gatedDispatch(gate.promise).slow, async (recent) => {
    if (!isPublished) return;
    prepared.resolve();
    for await (const page of recent({ limit: 10, seconds: 60 })) found.resolve(page.length);
  });
  await recordEvents(1);
  await until(async () => (await readChannel()).length, { equals: 1 });
  isPublished = true;
  await prepared.promise;
  gate.resolve();
  expect(await found.promise).toBe(1);
  await relay.stop();
});

test('a batch with a failed effect is repeated and published once', async () => {
  const gate = Promise.withResolvers<void>();
  const relay = start(gatedDispatch(gate.promise).slow);
  await recordEvents(1);
  await until(async () => (await readChannel()).length, { equals: 1 });
  await recordEvents(2);
  await until(async () => (await readChannel()).length, { equals: 2 });
  gate.reject(new Error('no queue'));
  await until(() => countWaiting(), { equals: 0 });
  expect(await readChannel()).toEqual([1, 2]);
  expect(await queues.get('maintenance').getPrioritizedCount()).toBe(2);
  await relay.stop();
});

test('jobs that Valkey lost are enqueued again', async () => {
  const dataLoss = createDataLossDetector(valkey, prefix);
  const channels = { isComplete: async () => true, rebuild: async () => 0 };
  const options = { channels, dataLoss, queues, historySeconds: 60, log };
  const relay = start(openDispatch(dataLoss), createRebuild(effectsOf, options));
  const queue = queues.get('maintenance');
  const markKey = `${prefix}:enqueued`;
  const count = () => queue.getPrioritizedCount();
  await recordEvents(1, 2);
  await until(() => countWaiting(), { equals: 0 });
  expect(await count()).toBe(2);

  await queue.obliterate({ force: true });
  await valkey.del(markKey);
  await until(() => count(), { equals: 2 });

  await until(() => valkey.exists(markKey), { equals: 1 });
  const before = (await valkey.get(markKey)) ?? '';
  await recordEvents(3);
  await until(async () => (await count()) === 3 && (await valkey.get(markKey)) !== before);
  const [last] = await queue.getPrioritized(2, 2);
  await last?.remove();
  await valkey.set(markKey, before);
  await until(async () => (await count()) === 3 && (await valkey.get(markKey)) !== before);
  await relay.stop();
});

test('one of two relays is the leader, and the other takes over when it stops', async () => {
  const relays = [start(), start()];
  await until(() => relays.some(({ isLeader }) => isLeader));
  await Bun.sleep(300);
  expect(relays.filter(({ isLeader }) => isLeader)).toHaveLength(1);
  await recordEvents(1);
  await until(async () => (await readChannel()).length, { equals: 1 });
  const leader = relays.find(({ isLeader }) => isLeader);
  await leader?.stop();
  await recordEvents(2);
  await until(() => countWaiting(), { equals: 0 });
  expect(await readChannel()).toEqual([1, 2]);
  await Promise.all(relays.map((relay) => relay.stop()));
});

test('a relayed event stores the log positions of its entries', async () => {
  const relay = start();
  await recordEvents(1, 2);
  await until(() => countWaiting(), { equals: 0 });
  const { epoch } = await channelLog.read(roomOf(tenantId, channel));
  const rows = await admin`select log_positions from outbox order by position`;
  expect(rows.map(({ log_positions }) => log_positions)).toEqual([
    { [channel]: [epoch, 1] },
    { [channel]: [epoch, 2] },
  ]);
  await relay.stop();
});

test('an event with a throwing reaction is dead-lettered with its reason', async () => {
  await recordEvents(1);
  await database.write({ tenantId }, (tx) => record({ tx, tenantId, requestId: 'r' }, failing, {}));
  await recordEvents(2);
  const relay = start();
  await until(() => countWaiting(), { equals: 0 });
  expect(await readChannel()).toEqual([1, 2]);
  const [row] = await admin`select failure from outbox where name = 'thing.failed'`;
  expect(row?.failure).toContain('a bug in a reaction');
  await relay.stop();
});

test('the login of the relay reads the outbox of all tenants and nothing else', async () => {
  const relayLogin = connect(relayUrl, { timeoutMs: 5000 });
  await recordEvents(1);
  expect(await relayLogin`select 1 from outbox`).toHaveLength(1);
  for (const query of [
    'select email from users',
    'select 1 from messages',
    "update outbox set name = 'x'",
  ]) {
    await expect(relayLogin.unsafe(query).execute()).rejects.toThrow('permission denied');
  }
  await relayLogin.end();
});
