import type { Connections, RestrictedRole } from '@insightdesk/shared/context';
import type { EndCode } from '@insightdesk/shared/contract';
import { UnavailableError } from '@insightdesk/shared/errors';
import type { SessionVerifier } from './session-verifier.ts';

/** What an access token or an API key authenticates. */
export type Access = Awaited<ReturnType<Connections['security']['tokens']['verifyAccess']>>;

/** The part of an access that the database verifies. */
export type SessionClaims = Pick<Access, 'tenantId' | 'userId' | 'sessionId'> & RestrictedRole;

/** A socket with its access, from the beginning of its handshake until it is closed. */
export interface AccessHolder {
  readonly access: Access;
  /** The generation at which `access` was last verified; undefined during the handshake. */
  readonly generation: number | undefined;
  /** Access may have been revoked at this generation: `access` must be verified at it or later. */
  requiredGeneration: number;
  /** `access` was verified at this generation. */
  confirm(generation: number): void;
  end(code: EndCode): void;
}

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
