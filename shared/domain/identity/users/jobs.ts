import { retention } from '@insightdesk/shared/domain/tenancy/retention';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { olderSessions } from './sessions/older-sessions.ts';

/** Deletes sessions and invitations that ran out long ago. */
export const deleteExpiredJob = defineJob({
  name: 'users.purge-expired',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: retention,
  timeoutMs: 300_000,
});

/** Ends sessions in all organisations, should whoever wanted it not have lived to. */
export const revokeOlderSessionsJob = defineJob({
  name: 'users.end-sessions',
  triggeredBy: ['account.password-changed'],
  queue: 'maintenance',
  payload: olderSessions,
});
