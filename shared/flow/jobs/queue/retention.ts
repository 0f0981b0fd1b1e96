import type { WorkerOptions } from 'bullmq';

const DAY_SECONDS = 86_400;

/** How long, and how many per queue, ended jobs stay in Valkey; failed ones are the dead letters. */
export const retention = {
  removeOnComplete: { age: DAY_SECONDS, count: 1000 },
  removeOnFail: { age: 14 * DAY_SECONDS, count: 10_000 },
} satisfies Partial<WorkerOptions>;
