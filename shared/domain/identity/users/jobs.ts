import { retentionPayload } from '@insightdesk/shared/domain/tenancy/retention';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { olderSessions } from './sessions/events.ts';

export const deleteExpiredJob = defineJob({
  name: 'users.delete-expired',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: retentionPayload,
  timeoutMs: 300_000,
});

/** Repeats what the change of a password does, in case its process was killed. */
export const revokeOlderSessionsJob = defineJob({
  name: 'users.revoke-older-sessions',
  triggeredBy: ['account.password-changed'],
  queue: 'maintenance',
  payload: olderSessions,
});
