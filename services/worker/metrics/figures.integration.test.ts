import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect, createDatabase, type Database, readServer } from '@insightdesk/shared/database';
import { busiest } from '@insightdesk/shared/domain/tenancy/usage';
import { PoisonEventError, type RecordedEvent, readOutboxLag } from '@insightdesk/shared/events';
import { createMetrics } from '@insightdesk/shared/monitoring';
import type { ChannelLog } from '@insightdesk/shared/realtime';
import { createTestDatabase, testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey, readServer as readValkey } from '@insightdesk/shared/valkey';
import { watchRelay } from './watch-relay.ts';

let server: Awaited<ReturnType<typeof createTestDatabase>>;
let database: Database;
let admin: ReturnType<typeof connect>;

beforeAll(async () => {
  server = await createTestDatabase();
  database = createDatabase({
    ...server,
    poolMin: 1,
    poolMax: 2,
    timeoutMs: 5_000,
    slowQueryMs: 5_000,
  });
  admin = connect(server.adminUrl, { timeoutMs: 5_000 });
});
afterAll(async () => {
  await Promise.all([database.close(), admin.end()]);
  await server.drop();
});

const waits = (seconds: number) => admin`insert into outbox
  (tenant_id, event_id, name, payload, request_id, created_at)
  values (${toUuid(newId('org'))}, ${toUuid(newId('evt'))}, 'x', '{}', 'r',
    now() - make_interval(secs => ${seconds}))`;

test('how many events wait, and for how long the first has', async () => {
  expect(await readOutboxLag(database)).toEqual({ waiting: 0, seconds: 0 });
  await waits(90);
  await waits(5);
  const { waiting, seconds } = await readOutboxLag(database);
  expect(waiting).toBe(2);
  expect(seconds).toBeGreaterThanOrEqual(90);
  await admin`update outbox set relayed_at = now()`;
  expect(await readOutboxLag(database)).toEqual({ waiting: 0, seconds: 0 });
});

test('those who use most are told of, so many of each counter', async () => {
  const tenants = Array.from({ length: 5 }, () => newId('org'));
  const used = (tenantId: Id<'org'>, day: string, value: number) => admin`insert into usage_counters
    values (${toUuid(tenantId)}, (now() at time zone 'utc')::date + ${day}::int, 'requests', ${value})`;
  for (const [at, tenantId] of tenants.entries()) {
    await used(tenantId, '0', at);
    await used(tenantId, '-1', 1_000 - at);
  }
  expect(await busiest(database, 2)).toEqual([
    { tenantId: tenants[4] as Id<'org'>, counter: 'requests', value: 4 },
    { tenantId: tenants[3] as Id<'org'>, counter: 'requests', value: 3 },
  ]);
});

test('the servers tell of themselves', async () => {
  const postgres = await readServer(database);
  expect(postgres.connections).toBeGreaterThan(0);
  expect(postgres.maxConnections).toBeGreaterThan(postgres.connections);
  expect(postgres.sizeBytes).toBeGreaterThan(1_000_000);
  const valkey = createValkey(testEnvironment.valkeyUrl, {
    name: 'test',
    role: 'command',
    onError: () => {},
  });
  const figures = await readValkey(valkey);
  valkey.disconnect();
  expect(figures.memoryBytes).toBeGreaterThan(100_000);
  expect(figures.clients).toBeGreaterThan(0);
  expect(figures.commands).toBeGreaterThan(0);
  expect(figures).toMatchObject({ evictedKeys: 0, isPersisting: true });
});

test('what the relay tells, and what it cannot, is counted', async () => {
  const metrics = createMetrics({ service: 'worker', replica: 'worker-1' });
  const watch = watchRelay({ metrics, parts: { database } as never });
  const event = { at: new Date(Date.now() - 20_000).toISOString() } as RecordedEvent;
  const told = () => Promise.resolve();
  await watch.telling((_, tell) => tell().then(() => [{}, {}]))([event, event], told);
  const poison = watch.telling(() => Promise.reject(new PoisonEventError(1, 'a bug')));
  await expect(poison([event], told)).rejects.toBeInstanceOf(PoisonEventError);
  const place = { epoch: 'e', offset: 1 };
  const taken: ChannelLog['append'] = async () => [
    { ...place, isKnown: false },
    { ...place, isKnown: true },
  ];
  const appending = (append: ChannelLog['append']) => watch.appending({ append } as ChannelLog);
  await appending(taken).append([]);
  const refused = appending(() => Promise.reject(new Error('full')));
  await expect(refused.append([])).rejects.toThrow('full');
  const text = await metrics.metrics();
  const value = (name: string) =>
    Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1]);
  expect(value('relay_delay_seconds_count')).toBe(2);
  expect(value('relay_delay_seconds_sum')).toBeGreaterThanOrEqual(40);
  expect(value('relay_set_aside_total')).toBe(1);
  expect(value('channel_log_appends_total')).toBe(1);
  expect(value('channel_log_failures_total')).toBe(1);
  expect(value('relay_waiting_events')).toBe(0);
});
