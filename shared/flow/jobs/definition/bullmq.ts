/** Loads BullMQ on first use: it loads slowly, and most processes neither open queues nor run jobs. */
export const loadBullmq = (): typeof import('bullmq') => require('bullmq');
