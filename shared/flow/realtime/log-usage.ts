import type { Id } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';
import { LOG_BYTES_KEY, LOG_EXPIRY_KEY, LOG_SHARES_KEY } from './usage-script.ts';

/** Channel logs get a third of a Valkey with `maxmemory`: jobs and everything else need the rest. */
const MEMORY_FRACTION = 1 / 3;
const UNLIMITED_MEMORY_BYTES = 256 * 1024 * 1024;
const REFRESH_MS = 30_000;

/**
 * The limit of all channel logs together: the configured bytes, or a third of Valkey's `maxmemory`,
 * which is read in the background and read again when it may have changed.
 */
export function createTotalLimit(
  valkey: Pick<Valkey, 'info'>,
  configured: number | undefined,
): () => number {
  let bytes = 128 * 1024 * 1024;
  let readAtMs = Number.NEGATIVE_INFINITY;
  async function read() {
    const maxMemory = Number(/^maxmemory:(\d+)/m.exec(await valkey.info('memory'))?.[1] ?? 0);
    bytes = maxMemory > 0 ? Math.floor(maxMemory * MEMORY_FRACTION) : UNLIMITED_MEMORY_BYTES;
  }
  return () => {
    if (configured) return configured;
    if (performance.now() - readAtMs > REFRESH_MS) {
      readAtMs = performance.now();
      // Without an answer the last limit is used.
      read().catch(() => {});
    }
    return bytes;
  };
}

/** The bytes in the channel logs of each organization. */
export async function listLogBytes(
  valkey: Pick<Valkey, 'hmget'>,
  tenantIds: readonly Id<'org'>[],
): Promise<number[]> {
  if (tenantIds.length === 0) return [];
  const counts = await valkey.hmget(LOG_BYTES_KEY, ...tenantIds);
  return counts.map((bytes) => Math.max(0, Number(bytes ?? 0)));
}

/** The bytes in all channel logs. */
export async function readLogUsage(valkey: Pick<Valkey, 'hget'>): Promise<number> {
  return Math.max(0, Number((await valkey.hget(LOG_BYTES_KEY, '')) ?? 0));
}

const deleteScript = `
local bytes = redis.call('HGET', KEYS[1], ARGV[1])
if bytes then redis.call('HINCRBY', KEYS[1], '', -bytes) end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
`;

/** Removes an organization from the accounts after its logs were deleted. */
export async function deleteLogUsage(
  valkey: Pick<Valkey, 'eval'>,
  tenantId: Id<'org'>,
): Promise<void> {
  const keys = [LOG_BYTES_KEY, LOG_SHARES_KEY, LOG_EXPIRY_KEY] as const;
  await valkey.eval(deleteScript, keys.length, ...keys, tenantId);
}
