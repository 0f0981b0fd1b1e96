/** How urgent a job is among the jobs of its own organisation; the lower, the sooner. */
export const JobPriority = { LOWEST: 20, LOW: 10, NORMAL: 0, HIGH: -10, URGENT: -20 } as const;
export type JobPriority = (typeof JobPriority)[keyof typeof JobPriority];

/** From the most to the least urgent. */
export const priorities: readonly JobPriority[] = Object.values(JobPriority).toSorted(
  (a, b) => a - b,
);

/** BullMQ's priorities end here. */
const HIGHEST_RANK = 2 ** 21 - 1;

/** The first of the ranks at which jobs wait for their turn to be decided; see fair-script.ts. */
export const FRESH_RANK = HIGHEST_RANK - priorities.length + 1;

/** The rank under which BullMQ keeps a job until its turn is decided. */
export const freshRank = (priority: JobPriority) => FRESH_RANK + priorities.indexOf(priority);
