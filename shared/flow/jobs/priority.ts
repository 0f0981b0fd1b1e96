/** How urgent a job is among the jobs of its own organisation; the lower, the sooner. */
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
  /** How much of its organisation's share it gets beside a NORMAL job. */
  weight: number;
}

/**
 * The number of a level is part of what is stored, and workers of two versions share it during a
 * deploy: a new level goes to the end, whatever its priority.
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

/** BullMQ's priorities end here. */
const HIGHEST_RANK = 2 ** 21 - 1;
/** The first levels end at the highest rank; each that came later stands before all others. */
const FIRST_LEVELS = 5;

/** The first of the ranks at which jobs wait for their turn to be decided; see fair-script.ts. */
export const FRESH_RANK = HIGHEST_RANK - levels.length + 1;

const rankOf = (level: number) =>
  level < FIRST_LEVELS ? HIGHEST_RANK - FIRST_LEVELS + 1 + level : HIGHEST_RANK - level;

/** The rank under which BullMQ keeps a job until its turn is decided. */
export const freshRank = (priority: JobPriority) =>
  rankOf(levels.findIndex((level) => level.priority === priority));

/** The numbers of the levels, by their ranks from `FRESH_RANK` on. */
export const levelsByRank = levels
  .map((_, level) => level)
  .toSorted((a, b) => rankOf(a) - rankOf(b));
