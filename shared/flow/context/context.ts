import type { Antivirus } from '@insightdesk/shared/antivirus';
import type { CacheSource } from '@insightdesk/shared/cache';
import type { Grant, Id, Role } from '@insightdesk/shared/contract';
import type { Database, Tx } from '@insightdesk/shared/database';
import type { Mailer } from '@insightdesk/shared/email';
import type { JobControl } from '@insightdesk/shared/jobs';
import type { Logger } from '@insightdesk/shared/logging';
import type { Media } from '@insightdesk/shared/media';
import type {
  DnsTexts,
  Passwords,
  SafeFetch,
  Sealer,
  Secrets,
  Tokens,
} from '@insightdesk/shared/security';
import type { StorageProvider, UrlSigner } from '@insightdesk/shared/storage';

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

/** What an organisation may have so much of. */
export const quotaNames = [
  'stored-bytes',
  'seats',
  'log-bytes',
  'waiting-jobs',
  'job-bytes',
  'sockets',
  'requests-per-day',
  'requests-per-month',
] as const;
export type QuotaName = (typeof quotaNames)[number];

/** How much of each; 0 is no limit. */
export type Quotas = Readonly<Record<QuotaName, number>>;

/** What is counted as it happens. */
export const counterNames = ['requests', 'jobs', 'events', 'socket-connections'] as const;
export type CounterName = (typeof counterNames)[number];

/** What requests are refused for; of jobs only when ten times as many wait. */
export type SpendableQuota = 'requests-per-day' | 'requests-per-month' | 'waiting-jobs';

/** Counts what organisations use, in memory; see createMeter. */
export interface Meter {
  count(tenantId: Id<'org'>, counter: CounterName): void;
  /** As far as this process knows: what others did in the last seconds is missing. */
  isSpent(tenantId: Id<'org'>, quota: SpendableQuota): boolean;
  /** The organisation's own quota once it is known here, else the default; Infinity without one. */
  limitOf(tenantId: Id<'org'>, quota: QuotaName): number;
  /** Bytes of its channel logs in Valkey. */
  logBytes(tenantId: Id<'org'>): Promise<number>;
  /** Its jobs in the queues that have not ended, and the bytes of all. */
  jobLoad(tenantId: Id<'org'>): Promise<{ jobs: number; bytes: number }>;
  /** Its open sockets, on all replicas. */
  openSockets(tenantId: Id<'org'>): Promise<number>;
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
  /** Passwords and sign-ins, by a login that only the API has; others throw at the first use. */
  identity: Pick<Database, 'read' | 'write'>;
  cache: CacheSource;
  storage: StorageProvider;
  /** Addresses of files that the API itself serves. */
  fileUrls: UrlSigner;
  media: Media;
  antivirus: Antivirus;
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
  /** What is kept encrypted, and read again. */
  secrets: Secrets;
  /** Requests to addresses that users chose. */
  outbound: SafeFetch;
  /** TXT records of names that users chose. */
  dnsTexts: DnsTexts;
  meter: Meter;
  /**
   * Does something after the answer, in bounded memory; whoever is killed loses it, and so it is for
   * nothing that must happen.
   */
  later(work: () => Promise<unknown>): void;
  /** What Valkey holds of an organisation: logs, presence, cached values, jobs. */
  traces: { erase(tenantId: Id<'org'>): Promise<{ keys: number; jobs: number }> };
  /** Tells whoever is subscribed just now; stored nowhere, and nobody waits for it. */
  signal(signal: { tenantId: Id<'org'>; channel: string; type: string; data: unknown }): void;
  settings: {
    /** As the product is called in mails and authenticator apps. */
    appName: string;
    /** Where people find pages; links in mails begin with it. */
    appUrl: string;
    /** Where the API is reached; often the same. */
    publicUrl: string;
    /** Where files are served; `publicUrl` unless they have a host of their own. */
    filesUrl: string;
    maxFileBytes: number;
    refreshTtlSeconds: number;
    /** Where our pages and those of the apps that may call us come from. */
    origins: readonly string[];
    /** An address counts for nothing until a link that was mailed to it was followed. */
    provenAddressesOnly: boolean;
    invitationsPerDay: number;
    erasureGraceSeconds: number;
    /** 0: entries of the audit log stay for ever. */
    auditRetentionDays: number;
    quotas: Quotas;
  };
}

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

/** A context whose actor is a signed-in person, outside a transaction. */
export interface MemberContext extends Context {
  tenantId: Id<'org'>;
  actor: MemberActor;
}

/** A tenant context whose actor is a signed-in person. */
export interface UserContext extends TenantContext {
  actor: MemberActor;
}
