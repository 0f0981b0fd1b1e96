import { DomainValidationError } from '@insightdesk/shared/errors';

/** Far more than any payload of ours has. */
const MOST_LEVELS = 64;

/** Throws 422 for what is nested so deeply that whatever walks it by recursion would fail. */
export function requireShallow(payload: unknown): void {
  let level = [payload];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) {
      const errors = [{ path: '', message: `At most ${MOST_LEVELS} levels` }];
      throw new DomainValidationError('The payload is nested too deeply', { errors });
    }
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
}
