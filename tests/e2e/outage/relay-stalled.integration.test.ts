import { afterAll, expect, test } from 'bun:test';
import {
  createEventCatalog,
  createRelay,
  defineEvent,
  type RecordedEvent,
  record,
  requireRelayProgress,
} from '@insightdesk/shared/events';
import { createLogger } from '@insightdesk/shared/logging';
import { createHealth } from '@insightdesk/shared/monitoring';
import { createChannelLog, createChannelRebuild, roomOf } from '@insightdesk/shared/realtime';
import { openIsolatedDatabase, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { z } from 'zod';
import { startValkey } from './restarting-process.ts';

const happened = defineEvent('thing.happened', z.object({ n: z.number() }), { staff: 'payload' });
createEventCatalog({ happened });
const history = { historyLength: 1_000, historySeconds: 60 };
const MAX_LAG_SECONDS = 0.5;

const server = await startValkey();
const valkey = createValkey(server.url, { name: 'full', role: 'command', onError: () => {} });
const { database, admin, relayUrl, close } = await openIsolatedDatabase();
afterAll(async () => {
  valkey.disconnect();
  await server.stop();
  await close();
});

test('a relay that cannot append to a full Valkey is reported as degraded, and loses no event', async () => {
  const channelLog = createChannelLog(valkey, history);
  await createChannelRebuild(valkey, history).rebuild([]);
  const tenantId = newId('org');
  const channel = `private-organization-${tenantId}`;
  const relay = createRelay({
    url: relayUrl,
    log: createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' }),
    pollMs: 50,
    electionMs: 50,
    async dispatch(events: RecordedEvent[]) {
      const entries = events.map(({ id, at, name: type, payload: data }) => ({
        ...{ tenantId, channel, id, type, data, at },
      }));
      await channelLog.append(entries);
      return events.map(() => ({}));
    },
  });
  const health = createHealth();
  health.register('relay', () => requireRelayProgress(database, MAX_LAG_SECONDS), {
    isRequired: false,
  });
  const { epoch } = await channelLog.read(roomOf(tenantId, channel));
  expect((await health.check()).status).toBe('ok');

  await valkey.config('SET', 'maxmemory', 1);
  relay.start();
  await database.write({ tenantId }, async (tx) => {
    for (let n = 0; n < 3; n++) await record({ tx, tenantId, requestId: 'r' }, happened, { n });
  });
  const report = await until(async () => {
    const current = await health.check();
    return current.status === 'degraded' ? current : undefined;
  });
  expect(report?.checks.relay).toMatchObject({ healthy: false });

  await valkey.config('SET', 'maxmemory', 0);
  const countWaiting = async () =>
    (await admin`select 1 from outbox where relayed_at is null`).length;
  await until(() => countWaiting(), { equals: 0 });
  await until(async () => (await health.check()).status, { equals: 'ok' });
  const { events } = await channelLog.read(roomOf(tenantId, channel), { epoch, offset: 0 });
  expect(events.map(({ data }) => (data as { n: number }).n)).toEqual([0, 1, 2]);
  await relay.stop();
});
