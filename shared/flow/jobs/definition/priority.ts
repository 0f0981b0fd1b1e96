/** The priority of a job among the jobs of its organization; lower runs sooner. */
export const JobPriority = {
  LOWEST: 20,
  LOW: 10,
  NORMAL: 0,
  MEDIUM: -5,
  HIGH: -10,
  CRITICAL: -15,
  URGENT: -20,
} as const;
export type JobPriority = (typeof JobPriority)[keyof typeof JobPriority];

interface Level {
  priority: JobPriority;
  /** Its share of the organization's turns, relative to NORMAL. */
  weight: number;
}

/**
 * Valkey stores the index of a level, and two releases share it during a deploy: append new levels,
 * whatever their priority.
 */
export const levels: readonly Level[] = [
  { priority: JobPriority.URGENT, weight: 16 },
  { priority: JobPriority.HIGH, weight: 4 },
  { priority: JobPriority.NORMAL, weight: 1 },
  { priority: JobPriority.LOW, weight: 1 / 4 },
  { priority: JobPriority.LOWEST, weight: 1 / 16 },
  { priority: JobPriority.MEDIUM, weight: 2 },
  { priority: JobPriority.CRITICAL, weight: 8 },
];

/** BullMQ's highest priority. */
const HIGHEST_RANK = 2 ** 21 - 1;
/** The first levels end at the highest rank; each later one ranks before all others. */
const FIRST_LEVELS = 5;

/** The first rank of jobs without a turn; see fair-script.ts. */
export const UNASSIGNED_RANK = HIGHEST_RANK - levels.length + 1;

const rankOf = (level: number) =>
  level < FIRST_LEVELS ? HIGHEST_RANK - FIRST_LEVELS + 1 + level : HIGHEST_RANK - level;

/** The BullMQ priority of a job until it gets a turn. */
export const unassignedRank = (priority: JobPriority) =>
  rankOf(levels.findIndex((level) => level.priority === priority));

/** The numbers of the levels, by their ranks from `FRESH_RANK` on. */
export const levelsByRank = levels
  .map((_, level) => level)
  .toSorted((a, b) => rankOf(a) - rankOf(b));
