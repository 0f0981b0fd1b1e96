import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

/** Deletes entries that are older than AUDIT_RETENTION_DAYS; what is left the next night does. */
export const pruneAuditJob = defineJob({
  name: 'audit.prune',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({}),
  timeoutMs: 300_000,
});
