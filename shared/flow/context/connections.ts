import type { Antivirus } from '@insightdesk/shared/antivirus';
import type { CacheSource } from '@insightdesk/shared/cache';
import type { Id } from '@insightdesk/shared/contract';
import type { Database } from '@insightdesk/shared/database';
import type { Mailer } from '@insightdesk/shared/email';
import type { CheckRateLimit } from '@insightdesk/shared/http';
import type { JobControl } from '@insightdesk/shared/jobs';
import type { Media } from '@insightdesk/shared/media';
import type { OutcomeCounters } from '@insightdesk/shared/monitoring';
import type {
  PresenceRegistry,
  Requests,
  Sockets,
  SystemSignal,
} from '@insightdesk/shared/realtime';
import type {
  Encryption,
  Passwords,
  ResolveTxt,
  SafeFetch,
  TokenCodec,
  Tokens,
} from '@insightdesk/shared/security';
import type { StorageProvider, UrlSigner } from '@insightdesk/shared/storage';
import type { Meter, Quotas } from './quotas.ts';

/** Everything outside the process that an action may use; built once by boot. */
export interface Connections {
  database: Database;
  /** Passwords and login attempts, through a database login that only the API has; elsewhere the first use throws. */
  identityDatabase: Pick<Database, 'read' | 'write'>;
  cache: CacheSource;
  /** The jobs of organizations, to list and control; only events enqueue jobs. */
  jobs: Pick<JobControl, 'list' | 'require' | 'cancel' | 'retry'>;
  mail: Mailer;
  files: FileConnections;
  security: SecurityConnections;
  realtime: RealtimeConnections;
  limits: Limits;
  settings: Settings;
  /** Counts outcomes for the metrics of this process; see `outcomeMetrics`. */
  outcomes: Pick<OutcomeCounters, 'count'>;
  /** Runs `work` after the response, in bounded memory; lost when the process is killed. */
  background(work: () => Promise<unknown>): void;
  /** Deletes all keys of an organization in Valkey; returns how many by their owner. */
  purgeTenantKeys(tenantId: Id<'org'>): Promise<Record<string, number>>;
}

export interface FileConnections {
  storage: StorageProvider;
  /** Signs the URLs of files that the API itself serves. */
  urls: UrlSigner;
  media: Media;
  antivirus: Antivirus;
}

export interface SecurityConnections {
  /** Access tokens. */
  tokens: Tokens;
  /** Signed tokens of links and refreshes. */
  tokenCodec: TokenCodec;
  passwords: Passwords;
  /** Encrypts secrets that are stored. */
  encryption: Encryption;
  /** Requests to URLs that users chose. */
  safeFetch: SafeFetch;
  /** TXT records of names that users chose. */
  resolveTxt: ResolveTxt;
}

export interface RealtimeConnections {
  /** Which users have an open socket on any replica. */
  presence: Pick<PresenceRegistry, 'connectedUsers'>;
  /** Sends a request to all devices of a member; never inside a transaction. */
  requests: Pick<Requests, 'request'>;
  /** Who is where, and the presence of members; never inside a transaction. */
  sockets: Sockets;
  /** Sends an ephemeral signal to the current subscribers of a channel, without waiting. */
  signal(signal: SystemSignal): void;
}

export interface Limits {
  /** Counts what organizations use. */
  meter: Meter;
  /** A limit of a feature's own, exact over all replicas. */
  checkRateLimit: CheckRateLimit;
  /** The default quotas of an organization. */
  quotas: Quotas;
  /** The same until an owner has a verified address. */
  unverifiedQuotas: Quotas;
  /** How many organizations an address may create per day; 0 is unlimited. */
  registrationsPerDay: number;
  maxFileBytes: number;
  invitationsPerDay: number;
  /** Emails to one recipient that an organization causes; 0 is unlimited. */
  emailsPerRecipientAndDay: number;
}

export interface Settings {
  /** The product's name in emails and authenticator apps. */
  appName: string;
  /** Base URL of the web app; links in emails start with it. */
  appUrl: string;
  /** Base URL of the API; often the same. */
  publicUrl: string;
  /** Base URL of files; `publicUrl` unless files have a host of their own. */
  filesUrl: string;
  /** Origins of our pages and of the apps that may call the API. */
  origins: readonly string[];
  /** The domain of signed Reply-To addresses; without it emails have none. */
  replyDomain?: string | undefined;
  refreshTtlSeconds: number;
  /** Who may create accounts: everybody, invited users, or nobody. */
  registration: 'open' | 'invitation' | 'closed';
  /** Second factors can be set up, so an organization may require them. */
  twoFactorEnabled: boolean;
  /** An email address grants nothing and receives nothing until it is verified. */
  requiresVerifiedEmail: boolean;
  erasureGraceSeconds: number;
  /** 0: entries of the audit log are never deleted. */
  auditRetentionDays: number;
  /** Names of the events that webhooks may subscribe to, of all features. */
  publicEvents: readonly string[];
}
