import { afterAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { loadPostgresStats } from '@insightdesk/shared/database';
import { listTopUsage } from '@insightdesk/shared/domain/tenancy/usage';
import {
  type RecordedEvent,
  readOutboxLag,
  UnprocessableEventError,
} from '@insightdesk/shared/events';
import { createMetrics } from '@insightdesk/shared/monitoring';
import type { ChannelLog } from '@insightdesk/shared/realtime';
import { openIsolatedDatabase, testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey, loadValkeyStats } from '@insightdesk/shared/valkey';
import { watchRelay } from './watch-relay.ts';

const { database, admin, close } = await openIsolatedDatabase();
afterAll(close);

const insertEvent = (seconds: number) => admin`insert into outbox
  (tenant_id, event_id, name, payload, request_id, created_at)
  values (${toUuid(newId('org'))}, ${toUuid(newId('evt'))}, 'x', '{}', 'r',
    now() - make_interval(secs => ${seconds}))`;

test('readOutboxLag returns the number and the age of waiting events', async () => {
  expect(await readOutboxLag(database)).toEqual({ waiting: 0, seconds: 0 });
  await insertEvent(90);
  await insertEvent(5);
  const { waiting, seconds } = await readOutboxLag(database);
  expect(waiting).toBe(2);
  expect(seconds).toBeGreaterThanOrEqual(90);
  await admin`update outbox set relayed_at = now()`;
  expect(await readOutboxLag(database)).toEqual({ waiting: 0, seconds: 0 });
});

test('listTopUsage returns the organizations with the highest usage of today', async () => {
  const tenants = Array.from({ length: 5 }, () => newId('org'));
  const insertUsage = (
    tenantId: Id<'org'>,
    day: string,
    value: number,
  ) => admin`insert into usage_counters
    values (${toUuid(tenantId)}, (now() at time zone 'utc')::date + ${day}::int, 'requests', ${value})`;
  for (const [index, tenantId] of tenants.entries()) {
    await insertUsage(tenantId, '0', index);
    await insertUsage(tenantId, '-1', 1_000 - index);
  }
  expect(await listTopUsage(database, 2)).toEqual([
    { tenantId: tenants[4] as Id<'org'>, counter: 'requests', value: 4 },
    { tenantId: tenants[3] as Id<'org'>, counter: 'requests', value: 3 },
  ]);
});

test('PostgreSQL and Valkey report their statistics', async () => {
  const postgres = await loadPostgresStats(database);
  expect(postgres.connections).toBeGreaterThan(0);
  expect(postgres.maxConnections).toBeGreaterThan(postgres.connections);
  expect(postgres.sizeBytes).toBeGreaterThan(1_000_000);
  const valkey = createValkey(testEnvironment.valkeyUrl, {
    name: 'test',
    role: 'command',
    onError: () => {},
  });
  const stats = await loadValkeyStats(valkey);
  valkey.disconnect();
  expect(stats.memoryBytes).toBeGreaterThan(100_000);
  expect(stats.clients).toBeGreaterThan(0);
  expect(stats.commands).toBeGreaterThan(0);
  expect(stats).toMatchObject({ evictedKeys: 0, isPersisting: true });
});

test('relay metrics count published events, dead-lettered events and failed appends', async () => {
  const metrics = createMetrics({ service: 'worker', replica: 'worker-1' });
  const watch = watchRelay({ metrics, container: { database } as never });
  const event = { at: new Date(Date.now() - 20_000).toISOString() } as RecordedEvent;
  const publish = () => Promise.resolve();
  const dispatch = watch.watchDispatch((_, onPublished) => onPublished().then(() => [{}, {}]));
  await dispatch([event, event], publish);
  const failing = watch.watchDispatch(() =>
    Promise.reject(new UnprocessableEventError(1, 'a bug')),
  );
  await expect(failing([event], publish)).rejects.toBeInstanceOf(UnprocessableEventError);
  const position = { epoch: 'e', offset: 1 };
  const watchAppend = (append: ChannelLog['append']) => watch.watchLog({ append } as ChannelLog);
  const log = watchAppend(async () => [
    { ...position, isDuplicate: false },
    { ...position, isDuplicate: true },
  ]);
  await log.append([]);
  const fullLog = watchAppend(() => Promise.reject(new Error('full')));
  await expect(fullLog.append([])).rejects.toThrow('full');
  const text = await metrics.metrics();
  const value = (name: string) =>
    Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1]);
  expect(value('relay_delay_seconds_count')).toBe(2);
  expect(value('relay_delay_seconds_sum')).toBeGreaterThanOrEqual(40);
  expect(value('relay_dead_letters_total')).toBe(1);
  expect(value('channel_log_appends_total')).toBe(1);
  expect(value('channel_log_failures_total')).toBe(1);
  expect(value('relay_waiting_events')).toBe(0);
});
