import { retentionPayload } from '@insightdesk/shared/domain/tenancy/retention';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const HOUR_MS = 3_600_000;

/** Deletes accounts that were never verified, with their empty organizations. */
export const deleteUnverifiedAccountsJob = defineJob({
  name: 'tenant-deletion.delete-unverified-accounts',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: retentionPayload,
  timeoutMs: HOUR_MS,
});

/** Deletes the organizations that are due; the next run continues what is unfinished. */
export const deleteDueTenantsJob = defineJob({
  name: 'tenant-deletion.delete-due-tenants',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  payload: z.object({}),
  timeoutMs: HOUR_MS,
});
