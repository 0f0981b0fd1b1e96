import { withTimeout } from '@insightdesk/shared/promises';
import type { Valkey } from './create-valkey.ts';

/** Pings the server and returns the latency in ms; throws NetworkError after `timeoutMs`. */
export async function pingValkey(valkey: Valkey, timeoutMs = 1_000): Promise<number> {
  const startedAt = performance.now();
  await withTimeout(valkey.ping(), timeoutMs);
  return performance.now() - startedAt;
}
