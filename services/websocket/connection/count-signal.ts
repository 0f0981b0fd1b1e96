import { tooMany } from '@insightdesk/shared/http';
import type { Room } from '@insightdesk/shared/realtime';
import type { Connection } from './connection.ts';

/**
 * Counts what everybody in these rooms is to be told: once of who tells it, and of each room. Throws
 * 429 when one of them is told enough.
 */
export async function countSignal(
  { services, access }: Connection,
  [first, ...others]: readonly Room[],
): Promise<void> {
  const { signalLimits } = services;
  if (!signalLimits || !first) return;
  const user = access.grant?.via === 'key' ? access.grant.id : access.userId;
  for (const names of [{ user, channel: first }, ...others.map((channel) => ({ channel }))]) {
    const counted = await signalLimits.check('signal', names);
    const full = counted.find(({ allowed }) => !allowed);
    if (full) throw tooMany(full);
  }
}
