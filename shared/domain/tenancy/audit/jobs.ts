import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

/** Deletes entries older than AUDIT_RETENTION_DAYS; the next run continues what is unfinished. */
export const pruneAuditJob = defineJob({
  name: 'audit.prune',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({}),
  timeoutMs: 300_000,
});

/** Verifies the chain of every organization. */
export const verifyAuditJob = defineJob({
  name: 'audit.verify',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({}),
  timeoutMs: 3_600_000,
});
