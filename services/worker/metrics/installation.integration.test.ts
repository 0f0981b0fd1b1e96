import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadReplicationSlots } from '@insightdesk/shared/database';
import { createMetrics } from '@insightdesk/shared/monitoring';
import { createTestContext, openIsolatedDatabase } from '@insightdesk/shared/testing';
import { issueCertificate } from '../../../tools/stack/servers/issue-certificate.ts';
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

let status = 200;
const certificate = await issueCertificate();
const proxy = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  tls: { cert: certificate.certificate, key: certificate.key },
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
  const now = Date.now() / 1_000;
  writeFileSync(
    join(directory, 'backup.prom'),
    'backup_last_success_timestamp_seconds 1700000000\nbackup_interval_seconds 86400\n',
  );
  const valueIn = await readMetrics();
  expect(valueIn('public_url_status')).toBe(200);
  const days = (valueIn('certificate_expiry_timestamp_seconds') - now) / 86_400;
  expect(Math.round(days)).toBe(397);
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
