import type { Id } from '@insightdesk/shared/contract';

/** What an organization has a quota of. */
export const quotaNames = [
  'stored-bytes',
  'seats',
  'log-bytes',
  'waiting-jobs',
  'job-bytes',
  'sockets',
  'requests-per-day',
  'requests-per-month',
  'emails-per-day',
] as const;
export type QuotaName = (typeof quotaNames)[number];

/** The limit of each quota; 0 is unlimited. */
export type Quotas = Readonly<Record<QuotaName, number>>;

/** What is counted per organization and day. */
export const counterNames = [
  'requests',
  'jobs',
  'events',
  'socket-connections',
  'emails',
  'emails-over-quota',
] as const;
export type CounterName = (typeof counterNames)[number];

/** Counted exactly, in the transaction that uses them; see consumeUsage. */
export type ExactCounter = 'emails' | 'emails-over-quota';

/** Quotas that refuse requests; `waiting-jobs` only when ten times as many jobs wait. */
export type SpendableQuota = 'requests-per-day' | 'requests-per-month' | 'waiting-jobs';

/** Counts in memory what organizations use; see createMeter. */
export interface Meter {
  count(tenantId: Id<'org'>, counter: Exclude<CounterName, ExactCounter>): void;
  /** As far as this process knows: the last seconds of other processes are missing. */
  isSpent(tenantId: Id<'org'>, quota: SpendableQuota): boolean;
  /** The organization's own quota once this process has read it, else the default; Infinity if unlimited. */
  limitOf(tenantId: Id<'org'>, quota: QuotaName): number;
  /** Bytes of its channel logs in Valkey. */
  logBytes(tenantId: Id<'org'>): Promise<number>;
  /** Its unfinished jobs in the queues, and the bytes of all its jobs. */
  queueUsage(tenantId: Id<'org'>): Promise<{ jobs: number; bytes: number }>;
  /** Its open sockets, on all replicas. */
  openSockets(tenantId: Id<'org'>): Promise<number>;
}
