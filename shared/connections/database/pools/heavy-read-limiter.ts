import type { Id } from '@insightdesk/shared/contract';
import { ServiceError, UnavailableError } from '@insightdesk/shared/errors';

/** Running and waiting reads per connection: of all organizations, and of one. */
const MAX_READS = 4;
const MAX_READS_OF_TENANT = 2;
const RETRY_AFTER_SECONDS = 1;

/**
 * Limits the heavy reads that run or wait, so that the last one is answered in time, and those of one
 * organization, so that it leaves capacity to others. Throws 503 beyond; the result releases the slot.
 */
export function createHeavyReadLimiter(connections: number) {
  const byTenant = new Map<Id<'org'> | undefined, number>();
  let total = 0;
  return function acquire(tenantId: Id<'org'> | undefined): () => void {
    const own = byTenant.get(tenantId) ?? 0;
    if (total >= MAX_READS * connections || own >= MAX_READS_OF_TENANT * connections) {
      throw new UnavailableError('Too many searches are running, try again shortly', {
        code: 'SEARCH_BUSY',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    total++;
    byTenant.set(tenantId, own + 1);
    return () => {
      total--;
      const rest = (byTenant.get(tenantId) ?? 0) - 1;
      if (rest > 0) byTenant.set(tenantId, rest);
      else byTenant.delete(tenantId);
    };
  };
}

export const createQueryTooBroadError = (cause: unknown) =>
  new ServiceError('The search takes too long; use more specific terms', {
    code: 'QUERY_TOO_BROAD',
    status: 422,
    cause,
  });
