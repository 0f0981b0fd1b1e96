import { afterAll, expect, test } from 'bun:test';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadReplicationSlots } from '@insightdesk/shared/database';
import { createMetrics } from '@insightdesk/shared/monitoring';
import { createTestContext, openIsolatedDatabase } from '@insightdesk/shared/testing';
import { probePublicUrl } from './probe-public-url.ts';
import { watchInstallation } from './watch-installation.ts';

const isolated = await openIsolatedDatabase();
const stage = createTestContext(isolated.url);
const directory = mkdtempSync(join(tmpdir(), 'installation-'));
afterAll(async () => {
  await stage.close();
  await isolated.close();
  rmSync(directory, { recursive: true });
});

/** Self-signed for localhost, valid for a hundred years; used by this test only. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUJtEvWnvkg7DvHEKP/CpPHW2ddXowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTAzNTEyNFoYDzIxMjYxMTAx
MDM1MTI0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATU7bFfPcRcMwZgkbHAS+ZY8b5lH8uW2uGYJFaJkFUqzGH0U5fUByAz
KeF//Av1dF8UcxdSaZsXPvzoe/Gg/oLSo1MwUTAdBgNVHQ4EFgQUb+CKwGuuJ7+a
LiUcQBbfEgYZtf8wHwYDVR0jBBgwFoAUb+CKwGuuJ7+aLiUcQBbfEgYZtf8wDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAkJKe7jq1ROkAAcBPsEay4
ZE796znSAhY5UYP3GD6gdgIgOpwEqQM8ImuL8vFYwaVhjiC5mq9ejzSQYRHhnKFE
Ilo=
-----END CERTIFICATE-----`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg52uS/pFk2rX7CnXX
ch0UxRD5iBoBerr8q2/KvuhbecahRANCAATU7bFfPcRcMwZgkbHAS+ZY8b5lH8uW
2uGYJFaJkFUqzGH0U5fUByAzKeF//Av1dF8UcxdSaZsXPvzoe/Gg/oLS
-----END PRIVATE KEY-----`;

let status = 200;
const proxy = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  tls: { cert: CERTIFICATE, key: KEY },
  fetch: (request) =>
    new Response(null, { status: new URL(request.url).pathname === '/health/live' ? status : 404 }),
});
afterAll(() => proxy.stop(true));

async function readMetrics(change: Record<string, object> = {}) {
  const metrics = createMetrics({ service: 'worker', replica: 'worker-1' });
  const config = {
    ...stage.config,
    http: { ...stage.config.http, probeUrl: `https://127.0.0.1:${proxy.port}` },
    storage: { provider: 'local' as const, maxFileBytes: 1, directory },
    backups: { statusFile: join(directory, 'backup.prom') },
    ...change,
  };
  watchInstallation({ config, container: stage.container, metrics });
  const text = await metrics.metrics();
  return (name: string, labels = '') =>
    Number(new RegExp(`^${name}\\{.*?${labels}.*?\\} (\\S+)$`, 'm').exec(text)?.[1]);
}

test('watchInstallation: proxy, certificate, disks and backups are measured', async () => {
  writeFileSync(
    join(directory, 'backup.prom'),
    'backup_last_success_timestamp_seconds 1700000000\nbackup_interval_seconds 86400\n',
  );
  const valueIn = await readMetrics();
  expect(valueIn('public_url_status')).toBe(200);
  const expiresAt = Date.parse(new X509Certificate(CERTIFICATE).validTo) / 1_000;
  expect(valueIn('certificate_expiry_timestamp_seconds')).toBe(expiresAt);
  for (const disk of ['disk="files"', 'disk="temporary"']) {
    expect(valueIn('disk_size_bytes', disk)).toBeGreaterThan(valueIn('disk_free_bytes', disk));
  }
  expect(valueIn('backup_last_success_timestamp_seconds')).toBe(1_700_000_000);
  expect(valueIn('backup_interval_seconds')).toBe(86_400);
  expect(valueIn('backup_size_bytes')).toBeNaN();
});

test('probePublicUrl: a proxy error is its status, an unreachable proxy is 0', async () => {
  status = 502;
  expect(await probePublicUrl(`https://127.0.0.1:${proxy.port}`, 'localhost')).toMatchObject({
    status: 502,
  });
  expect(await probePublicUrl('https://127.0.0.1:1', 'localhost')).toEqual({ status: 0 });
});

test('watchInstallation: the age of a secret starts again with a new value', async () => {
  const ageOf = async (encryptionKey: string) => {
    const auth = { ...stage.config.auth, encryptionKey };
    return (await readMetrics({ auth }))('secret_age_seconds', 'secret="ENCRYPTION_KEY"');
  };
  const first = crypto.randomUUID();
  await ageOf(first);
  await Bun.sleep(30);
  const later = await ageOf(first);
  expect(later).toBeGreaterThanOrEqual(0.03);
  expect(await ageOf(crypto.randomUUID())).toBeLessThan(later);
  await isolated.admin`insert into signing_keys (id, created_at, signs_from)
    values ('old', now() - interval '100 days', now() - interval '100 days')`;
  const valueIn = await readMetrics();
  expect(valueIn('secret_age_seconds', 'secret="signing key"')).toBeGreaterThan(99 * 86_400);
});

test('loadReplicationSlots returns the lag of a slot that a replica has used', async () => {
  const slot = `test_${crypto.randomUUID().slice(0, 8)}`;
  const { admin, database } = isolated;
  await admin`select pg_create_physical_replication_slot(${slot}, true)`;
  try {
    await admin`select pg_logical_emit_message(false, 'test', repeat('x', 100000))`;
    const found = (await loadReplicationSlots(database)).find((row) => row.slot === slot);
    expect(found?.isActive).toBe(false);
    expect(found?.lagBytes).toBeGreaterThan(100_000);
  } finally {
    await admin`select pg_drop_replication_slot(${slot})`;
  }
});
