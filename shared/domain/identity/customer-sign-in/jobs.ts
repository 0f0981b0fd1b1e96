import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const deleteExpiredJob = defineJob({
  name: 'customer-sign-in.delete-expired',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({}),
  timeoutMs: 300_000,
});
