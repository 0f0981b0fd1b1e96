import type { Connections, RestrictedRole } from '@insightdesk/shared/context';
import type { EndCode } from '@insightdesk/shared/contract';

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
