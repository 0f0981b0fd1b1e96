import { DomainValidationError } from '@insightdesk/shared/errors';

/** Far more levels than any valid payload has. */
const MAX_DEPTH = 64;

/** Throws 422 for a payload nested so deeply that recursive code would overflow the stack. */
export function requireMaxDepth(payload: unknown): void {
  let level = [payload];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      const errors = [{ path: '', message: `At most ${MAX_DEPTH} levels` }];
      throw new DomainValidationError('The payload is nested too deeply', { errors });
    }
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
}
