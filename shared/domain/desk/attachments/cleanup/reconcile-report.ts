import type { Id } from '@insightdesk/shared/contract';

/** What a reconciliation found, and fixed unless it was a dry run. */
export interface ReconcileReport {
  organizations: number;
  files: number;
  /** Stored files that no row references; deleted. */
  orphans: { files: number; bytes: number };
  /** Ready attachments whose file is missing; rejected. */
  missing: Id<'att'>[];
  /** Ready attachments whose checksum differs; only checked with `withChecksums`. */
  damaged: Id<'att'>[];
}

export interface ReconcileOptions {
  /** Reports only. */
  isDryRun: boolean;
  /** Younger files and rows may belong to an upload in progress and are skipped. */
  minAgeMs: number;
  /** Reads every file and compares its checksum. */
  withChecksums?: boolean;
  /** Only this organization. */
  tenantId?: Id<'org'> | undefined;
  signal: AbortSignal;
}

/** Maximum number of ids in a report; run it again for the rest. */
export const MAX_LISTED_IDS = 1_000;
