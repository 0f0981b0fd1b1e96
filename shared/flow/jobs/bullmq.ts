/** BullMQ for those who open queues or work on them; most processes do neither, and it loads slowly. */
export const bullmq = (): typeof import('bullmq') => require('bullmq');
