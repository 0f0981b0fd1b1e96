import type { Id } from '@insightdesk/shared/contract';
import { ServiceError, UnavailableError } from '@insightdesk/shared/errors';

/** So many may be under way or wait for each connection, of all and of one organisation. */
const MOST = 4;
const MOST_OF_ONE = 2;
const RETRY_AFTER_SECONDS = 1;

/**
 * Bounds how many heavy reads wait, so that the last in line is answered in time, and how many of
 * them are of one organisation, so that it leaves room to the others. Throws 503 beyond; the result
 * gives the turn back.
 */
export function createTurns(connections: number) {
  const taken = new Map<Id<'org'> | undefined, number>();
  let all = 0;
  return function takeTurn(tenantId: Id<'org'> | undefined): () => void {
    const own = taken.get(tenantId) ?? 0;
    if (all >= MOST * connections || own >= MOST_OF_ONE * connections) {
      throw new UnavailableError('Too many searches are under way, try again shortly', {
        code: 'SEARCH_BUSY',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    all++;
    taken.set(tenantId, own + 1);
    return () => {
      all--;
      const rest = (taken.get(tenantId) ?? 0) - 1;
      if (rest > 0) taken.set(tenantId, rest);
      else taken.delete(tenantId);
    };
  };
}

export const tooBroad = (cause: unknown) =>
  new ServiceError('This takes too long to find; look for something more specific', {
    code: 'QUERY_TOO_BROAD',
    status: 422,
    cause,
  });
