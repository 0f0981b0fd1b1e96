import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createTestDatabase, testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';

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
}, 60_000);
afterAll(() => server.drop());

function desk(...words: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [process.execPath, join(import.meta.dir, 'desk.ts'), 'events', ...words],
    {
      env: { ...process.env, DATABASE_URL: server.url, VALKEY_URL: testEnvironment.valkeyUrl },
    },
  );
  return { exitCode, said: stdout.toString() + stderr.toString() };
}

const range = ['--since', '2020-01-01T00:00:00Z', '--tenant', tenantId];

test('replays, says what it did, and may be repeated', () => {
  const to = ['replay', ...range, '--to', 'channels'];
  expect(desk(...to, '--dry-run')).toEqual({
    ...{ exitCode: 0, said: '3 events; to channels: 6 would follow, of which 0 were there\n' },
  });
  expect(desk(...to)).toEqual({
    ...{ exitCode: 0, said: '3 events; to channels: 6 sent again, of which 0 were there\n' },
  });
  expect(desk(...to).said).toBe('3 events; to channels: 6 sent again, of which 6 were there\n');
}, 60_000);

test('says what it does not understand', () => {
  const { exitCode, said } = desk('replay', ...range, '--to', 'chanels');
  expect(exitCode).toBe(2);
  expect(said).toContain('did you mean channels?');
}, 60_000);
