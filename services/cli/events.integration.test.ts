import { afterAll, beforeAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createTestDatabase, testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { runDesk } from './test-command.ts';

let server: Awaited<ReturnType<typeof createTestDatabase>>;
const tenantId = newId('org');

beforeAll(async () => {
  server = await createTestDatabase();
  const admin = connect(server.adminUrl, { timeoutMs: 5_000 });
  for (let n = 0; n < 3; n++) {
    const payload = JSON.stringify({ userId: newId('usr') });
    await admin`
      insert into outbox (tenant_id, event_id, name, payload, request_id, relayed_at)
      values (${toUuid(tenantId)}, ${toUuid(newId('evt'))}, 'member.removed', ${payload}::text::jsonb, 'r', now())`;
  }
  await admin.end();
});
afterAll(() => server.drop());

const desk = (...words: string[]) =>
  runDesk(['events', ...words], {
    ...process.env,
    DATABASE_URL: server.url,
    DATABASE_RELAY_URL: server.relayUrl,
    VALKEY_URL: testEnvironment.valkeyUrl,
  });

async function countActs(): Promise<number> {
  const admin = connect(server.adminUrl, { timeoutMs: 5_000 });
  const rows = await admin`select from outbox where name = 'operator.acted'`;
  await admin.end();
  return rows.length;
}

const range = ['--since', '2020-01-01T00:00:00Z', '--tenant', tenantId];

test('events replay replays effects and may be repeated', async () => {
  const to = ['replay', ...range, '--to', 'channels'];
  expect(await desk(...to, '--dry-run')).toMatchObject({
    code: 0,
    output: '3 events: 6 effects would be replayed to channels, 0 duplicates\n',
  });
  expect(await countActs()).toBe(0);
  expect(await desk(...to)).toMatchObject({
    code: 0,
    output: '3 events: 6 effects replayed to channels, 0 duplicates\n',
  });
  expect((await desk(...to)).output).toBe(
    '3 events: 6 effects replayed to channels, 6 duplicates\n',
  );
  expect((await desk(...to, '--unknown')).code).not.toBe(0);
  expect(await countActs()).toBe(2);
});
