import { UnavailableError } from '@insightdesk/shared/errors';
import type { AccessHolder, SessionClaims } from './access.ts';
import type { SessionVerifier } from './session-verifier.ts';

const MAX_ATTEMPTS = 3;

/**
 * Verifies sessions for a holder. Repeats it when a revocation becomes known meanwhile that the
 * answer may not include; resolves with the generation at which all of them are valid.
 */
export async function verifyHolder(
  sessions: Pick<SessionVerifier, 'verify'>,
  holder: AccessHolder,
  claims: readonly SessionClaims[],
): Promise<number> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const generations = await Promise.all(claims.map((one) => sessions.verify(one)));
    const generation = Math.min(...generations);
    if (generation >= holder.requiredGeneration) return generation;
  }
  throw new UnavailableError('The session cannot be verified now, try again');
}
