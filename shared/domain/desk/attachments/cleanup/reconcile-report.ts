import type { Id } from '@insightdesk/shared/contract';

/** What a sweep has found, and done about it unless it only looked. */
export interface ReconcileReport {
  organizations: number;
  files: number;
  /** Of nobody: deleted. */
  orphans: { files: number; bytes: number };
  /** Ready, and without their bytes: rejected. */
  missing: Id<'att'>[];
  /** Ready, and not the bytes that were stored; only looked for when asked. */
  damaged: Id<'att'>[];
}

export interface ReconcileOptions {
  /** Look only. */
  isDry: boolean;
  /** What is younger may be under way. */
  minAgeMs: number;
  /** Read every file and compare it with its checksum. */
  withChecksums?: boolean;
  /** This organisation alone. */
  tenantId?: Id<'org'> | undefined;
  signal: AbortSignal;
}

/** So many ids are named; more are counted by running it again. */
export const MOST_NAMED = 1_000;
