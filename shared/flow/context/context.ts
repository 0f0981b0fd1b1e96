import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import type { Logger } from '@insightdesk/shared/logging';
import type { Actor, MemberActor, UserActor } from './actor.ts';
import type { Connections } from './connections.ts';

/** What has a request that is sent again answered like the first, and done once. */
export interface Once {
  /** Tells what else makes another request another one, if that was not known at first. */
  add(words: readonly string[]): void;
  /** Leaves with the first statements of a write, which fails when the request was taken before. */
  reserve(tx: Tx): void;
  /** Keeps in a write what it will be answered with. */
  store(tx: Tx, result: unknown): void;
  /** Throws when the request was taken before, in a read that knows whether its caller may come in. */
  look(tx: Tx): Promise<void>;
  /** Keeps what was answered after the write that made it certain. */
  settle(result: unknown): Promise<void>;
  /** Lets go of a request that was refused after all. */
  release(error: unknown): Promise<void>;
}

/** One call: who, for which tenant, with what; passed explicitly everywhere. */
export interface Context extends Connections {
  actor: Actor;
  tenantId: Id<'org'> | undefined;
  requestId: string;
  log: Logger;
  ip?: string;
  userAgent?: string;
  /** The versions that the caller has seen, as `If-Match` names them; see requireMatch. */
  ifMatch?: string;
  /** Set when the client may send this request again; see createOnce. */
  once?: Once | undefined;
  /** Sets up the second factor that the organisation requires; set by the action's definition. */
  duringSetup?: boolean;
  /** The open transaction; set inside an action, joined by nested calls. */
  tx?: Tx;
}

/** What one call adds to the connections: who, for which tenant, from where. */
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
