import type { Id } from '@insightdesk/shared/contract';
import { TooManyRequestsError } from '@insightdesk/shared/errors';

/** Counts what the sockets of each organisation are subscribed to on this replica. */
export interface ChannelQuota {
  /** One subscription more; throws 429 TOO_MANY_CHANNELS when there are as many as may be. */
  take(tenantId: Id<'org'>): void;
  give(tenantId: Id<'org'>): void;
}

/** Builds the counts, in memory: each replica bears its own channels. */
export function createChannelQuota(limit = Number.POSITIVE_INFINITY): ChannelQuota {
  const open = new Map<Id<'org'>, number>();
  return {
    take(tenantId) {
      const count = (open.get(tenantId) ?? 0) + 1;
      if (count > limit) {
        throw new TooManyRequestsError(
          `An organisation may have ${limit} subscriptions at a time; try again later`,
          {
            code: 'TOO_MANY_CHANNELS',
            errors: [{ path: 'organization', message: `${limit} at a time` }],
          },
        );
      }
      open.set(tenantId, count);
    },
    give(tenantId) {
      const count = (open.get(tenantId) ?? 0) - 1;
      if (count > 0) open.set(tenantId, count);
      else open.delete(tenantId);
    },
  };
}
