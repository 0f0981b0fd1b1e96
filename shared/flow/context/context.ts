import type { CacheSource } from '@insightdesk/shared/cache';
import type { Grant, Id, Role } from '@insightdesk/shared/contract';
import type { Database, Tx } from '@insightdesk/shared/database';
import type { Mailer } from '@insightdesk/shared/email';
import type { JobControl } from '@insightdesk/shared/jobs';
import type { Logger } from '@insightdesk/shared/logging';
import type { Media } from '@insightdesk/shared/media';
import type { Passwords, SafeFetch, Sealer, Tokens } from '@insightdesk/shared/security';
import type { StorageProvider } from '@insightdesk/shared/storage';

/** A person with a live session; or an API key, as the member of its own that it acts as. */
export interface MemberActor {
  kind: 'user';
  userId: Id<'usr'>;
  role: Role;
  sessionId: Id<'ses'>;
  /** What leaves out some of the role's permissions. */
  grant?: Grant | undefined;
  /** Who really does it: an operator in this person's name. */
  operator?: string | undefined;
}

/** Who does it: a member, a part of the system, or nobody known yet. */
export type Actor = MemberActor | { kind: 'system'; name: string } | { kind: 'anonymous' };

/** Tells which of these users hold an open socket on any replica. */
export interface Presence {
  connectedUsers(tenantId: Id<'org'>): Promise<Set<Id<'usr'>>>;
}

/** Asks a member something on all devices; see createRequests. Never inside a transaction. */
export interface Requests {
  request(
    question: { tenantId: Id<'org'>; userId: Id<'usr'>; name: string; payload: unknown },
    options?: { timeoutMs?: number; attempts?: number },
  ): Promise<unknown>;
}

/** What the outside world offers to an action; built once by boot. */
export interface Connections {
  database: Database;
  cache: CacheSource;
  storage: StorageProvider;
  media: Media;
  mailer: Mailer;
  presence: Presence;
  requests: Requests;
  tokens: Tokens;
  sealer: Sealer;
  /** The jobs of organisations; what they do is enqueued by events alone. */
  jobs: Pick<JobControl, 'list' | 'require' | 'cancel' | 'retry'>;
  /** Names of the events that webhooks may be told of, of all features. */
  publicEvents: readonly string[];
  passwords: Passwords;
  /** Requests to addresses that users chose. */
  outbound: SafeFetch;
  /**
   * Does something after the answer, in bounded memory; whoever is killed loses it, and so it is for
   * nothing that must happen.
   */
  later(work: () => Promise<unknown>): void;
  /** What Valkey holds of an organisation: logs, presence, cached values, jobs. */
  traces: { erase(tenantId: Id<'org'>): Promise<{ keys: number; jobs: number }> };
  settings: {
    publicUrl: string;
    maxFileBytes: number;
    refreshTtlSeconds: number;
    erasureGraceSeconds: number;
  };
}

/** One call: who, for which tenant, with what; passed explicitly everywhere. */
export interface Context extends Connections {
  actor: Actor;
  tenantId: Id<'org'> | undefined;
  requestId: string;
  log: Logger;
  ip?: string;
  userAgent?: string;
  /** The open transaction; set inside an action, joined by nested calls. */
  tx?: Tx;
}

/** A context inside its tenant's transaction. */
export interface TenantContext extends Context {
  tenantId: Id<'org'>;
  tx: Tx;
}

/** A context whose actor is a signed-in person, outside a transaction. */
export interface MemberContext extends Context {
  tenantId: Id<'org'>;
  actor: MemberActor;
}

/** A tenant context whose actor is a signed-in person. */
export interface UserContext extends TenantContext {
  actor: MemberActor;
}
