import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import type { Idempotency } from '@insightdesk/shared/idempotency';
import type { Logger } from '@insightdesk/shared/logging';
import type { Actor, MemberActor, UserActor } from './actor.ts';
import type { Connections } from './connections.ts';

/** One call: its actor, its tenant and the connections; passed explicitly everywhere. */
export interface Context extends Connections {
  actor: Actor;
  tenantId: Id<'org'> | undefined;
  requestId: string;
  log: Logger;
  ip?: string;
  userAgent?: string;
  /** The value of the `If-Match` header; see requireMatch. */
  ifMatch?: string;
  /** Set when the request carries an Idempotency-Key; see createIdempotency. */
  idempotency?: Idempotency | undefined;
  /** Whether users may call the action before they have set up a required second factor. */
  duringSetup?: boolean;
  /** The open transaction; nested calls join it. */
  tx?: Tx;
}

/** What one call adds to the connections. */
export type CallContext = Pick<Context, 'actor' | 'tenantId' | 'requestId' | 'ip' | 'userAgent'>;

/** A context inside its tenant's transaction. */
export interface TenantContext extends Context {
  tenantId: Id<'org'>;
  tx: Tx;
}

/** A context whose actor is a user or an API key, outside a transaction. */
export interface MemberContext extends Context {
  tenantId: Id<'org'>;
  actor: MemberActor;
}

/** A context whose actor is a user or an API key, inside its tenant's transaction. */
export interface MemberTenantContext extends TenantContext {
  actor: MemberActor;
}

/** A context whose actor is a signed-in user, outside a transaction. */
export interface UserContext extends MemberContext {
  actor: UserActor;
}

/** A context whose actor is a signed-in user, inside its tenant's transaction. */
export interface UserTenantContext extends MemberTenantContext {
  actor: UserActor;
}
