import { createHash } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Config } from '@insightdesk/shared/config';
import { loadReplicationSlots } from '@insightdesk/shared/database';
import { listSigningKeys } from '@insightdesk/shared/domain/identity/users';
import { readText } from '@insightdesk/shared/files';
import { cacheResult, type Metrics } from '@insightdesk/shared/monitoring';
import type { AppContainer } from './container.ts';
import { probePublicUrl } from './probe-public-url.ts';

const REUSE_MS = 10_000;
const MAX_STATUS_FILE_BYTES = 65_536;
/** In Valkey, after the last use of a secret. */
const SECRET_AGE_TTL_SECONDS = 3 * 365 * 86_400;

interface Installation {
  config: Config;
  container: AppContainer;
  metrics: Metrics;
}

/**
 * Metrics of what surrounds the services: proxy and certificate, disks, replicas of PostgreSQL,
 * backups, and the age of secrets. The same on every worker.
 */
export function watchInstallation(app: Installation): void {
  watchPublicUrl(app);
  watchDisks(app);
  watchReplication(app);
  watchBackups(app);
  watchSecretAges(app);
}

function watchPublicUrl({ config: { http }, metrics }: Installation): void {
  const { probeUrl, publicUrl } = http;
  if (!probeUrl) return;
  const { hostname } = new URL(publicUrl);
  const probe = cacheResult(REUSE_MS, () => probePublicUrl(probeUrl, hostname));
  metrics.gauge({
    name: 'public_url_status',
    help: 'HTTP status of /health/live through the proxy; 0 without a response',
    read: async () => (await probe()).status,
  });
  metrics.gauge({
    name: 'certificate_expiry_timestamp_seconds',
    help: 'When the TLS certificate of the proxy expires',
    async read() {
      const { expiresAt } = await probe();
      return expiresAt === undefined ? [] : expiresAt;
    },
  });
}

function watchDisks({ config: { storage }, metrics }: Installation): void {
  const paths = {
    temporary: tmpdir(),
    ...(storage.provider === 'local' && { files: storage.directory }),
  };
  const read = cacheResult(REUSE_MS, () =>
    Promise.all(
      Object.entries(paths).map(async ([disk, path]) => ({ disk, ...(await statfs(path)) })),
    ),
  );
  metrics.gauge({
    name: 'disk_free_bytes',
    help: 'Free space of the disks of this process',
    read: async () =>
      (await read()).map(({ disk, bavail, bsize }) => [{ disk }, bavail * bsize] as const),
  });
  metrics.gauge({
    name: 'disk_size_bytes',
    help: 'Size of the disks of this process',
    read: async () =>
      (await read()).map(({ disk, blocks, bsize }) => [{ disk }, blocks * bsize] as const),
  });
}

function watchReplication({ container: { database }, metrics }: Installation): void {
  const slots = cacheResult(REUSE_MS, () => loadReplicationSlots(database));
  metrics.gauge({
    name: 'postgres_replication_lag_bytes',
    help: 'Changes that a replica has not received',
    read: async () => (await slots()).map(({ slot, lagBytes }) => [{ slot }, lagBytes] as const),
  });
  metrics.gauge({
    name: 'postgres_replication_active',
    help: 'Whether a replica is connected',
    read: async () =>
      (await slots()).map(({ slot, isActive }) => [{ slot }, Number(isActive)] as const),
  });
}

/** What `backup.sh` writes into BACKUP_STATUS_FILE, as lines of `name value`. */
const backupMetrics = {
  backup_last_success_timestamp_seconds: 'When the newest verified backup was completed',
  backup_last_failure_timestamp_seconds: 'When a backup failed last; 0 if none did',
  backup_interval_seconds: 'Time between two backups',
  backup_size_bytes: 'Size of the newest backup',
};

function watchBackups({ config: { backups }, metrics }: Installation): void {
  const { statusFile } = backups;
  if (!statusFile) return;
  const read = cacheResult(REUSE_MS, async () => {
    const text = (await readText(statusFile, { maxBytes: MAX_STATUS_FILE_BYTES })) ?? '';
    const lines = text.matchAll(/^(\w+) (\d+)$/gm);
    return new Map(Array.from(lines, ([, name = '', value]) => [name, Number(value)]));
  });
  for (const [name, help] of Object.entries(backupMetrics)) {
    metrics.gauge({ name, help, read: async () => (await read()).get(name) ?? [] });
  }
}

/**
 * Signing keys have a date in the database. Of other secrets in the configuration nobody knows the age:
 * Valkey stores when a value was first used here, by a hash of it.
 */
function watchSecretAges({ config: { auth }, container, metrics }: Installation): void {
  const { refreshSecret: JWT_REFRESH_SECRET, encryptionKey: ENCRYPTION_KEY } = auth;
  const firstUse = async (name: string, secret: string): Promise<number> => {
    const hash = createHash('sha256').update(`${name} ${secret}`).digest('hex').slice(0, 16);
    const key = `secret-first-use:${name}:${hash}`;
    await container.valkey.set(key, Date.now(), 'EX', SECRET_AGE_TTL_SECONDS, 'NX');
    return Number(await container.valkey.get(key));
  };
  metrics.gauge({
    name: 'secret_age_seconds',
    help: 'Age of the newest signing key, and time since other secrets were first used',
    async read() {
      const created = (await listSigningKeys(container.database)).map(
        ({ createdAt }) => +createdAt,
      );
      const since = new Map(created.length > 0 ? [['signing key', Math.max(...created)]] : []);
      for (const [name, secret] of Object.entries({ JWT_REFRESH_SECRET, ENCRYPTION_KEY })) {
        if (secret !== undefined) since.set(name, await firstUse(name, secret));
      }
      return Array.from(since, ([secret, at]) => [{ secret }, (Date.now() - at) / 1_000] as const);
    },
  });
}
