import type { Id } from '@insightdesk/shared/contract';
import { TooManyRequestsError } from '@insightdesk/shared/errors';

/** Limits the subscriptions of an organization's sockets on this replica. */
export interface ChannelQuota {
  /** Counts one subscription; throws 429 TOO_MANY_CHANNELS at the limit. */
  reserve(tenantId: Id<'org'>): void;
  release(tenantId: Id<'org'>): void;
}

/** Creates the counts, in memory: each replica has its own channels. */
export function createChannelQuota(limit = Number.POSITIVE_INFINITY): ChannelQuota {
  const counts = new Map<Id<'org'>, number>();
  return {
    reserve(tenantId) {
      const count = (counts.get(tenantId) ?? 0) + 1;
      if (count > limit) {
        throw new TooManyRequestsError(
          `An organization may have ${limit} subscriptions at a time; try again later`,
          {
            code: 'TOO_MANY_CHANNELS',
            errors: [{ path: 'organization', message: `${limit} at a time` }],
          },
        );
      }
      counts.set(tenantId, count);
    },
    release(tenantId) {
      const count = (counts.get(tenantId) ?? 0) - 1;
      if (count > 0) counts.set(tenantId, count);
      else counts.delete(tenantId);
    },
  };
}
