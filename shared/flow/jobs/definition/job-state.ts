/** The states of a job; `blocked` waits for other jobs. */
export const jobStates = [
  'waiting',
  'active',
  'completed',
  'failed',
  'delayed',
  'blocked',
] as const;
export type JobStateName = (typeof jobStates)[number];
