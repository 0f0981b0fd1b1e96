import { tooManyRequests } from '@insightdesk/shared/http';
import type { Room } from '@insightdesk/shared/realtime';
import type { Connection } from './connection.ts';
import { subjectOf } from './user-limits.ts';

/**
 * Counts a signal to these rooms: once for its sender, and once for each room. Throws 429 when one
 * of the limits is exceeded.
 */
export async function countSignal(
  { services, access }: Connection,
  [first, ...others]: readonly Room[],
): Promise<void> {
  const { signalLimits } = services;
  if (!signalLimits || !first) return;
  const user = subjectOf(access);
  for (const names of [{ user, channel: first }, ...others.map((channel) => ({ channel }))]) {
    const counts = await signalLimits.check('signal', names);
    const exceeded = counts.find(({ allowed }) => !allowed);
    if (exceeded) throw tooManyRequests(exceeded);
  }
}
