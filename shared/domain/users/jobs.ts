import { retention } from '@insightdesk/shared/domain/maintenance';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';

/** Deletes sessions and invitations that ran out long ago. */
export const purgeExpired = defineJob({
  name: 'users.purge-expired',
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: retention,
  timeoutMs: 300_000,
});
