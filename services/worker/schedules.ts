import type { SystemJob } from '@insightdesk/shared/domain/catalog';
import { attachmentJobs } from '@insightdesk/shared/domain/desk/attachments';
import { notificationJobs } from '@insightdesk/shared/domain/desk/notifications';
import { customerSignInJobs } from '@insightdesk/shared/domain/identity/customer-sign-in';
import { userJobs } from '@insightdesk/shared/domain/identity/users';
import { auditJobs } from '@insightdesk/shared/domain/tenancy/audit';
import { retentionJobs } from '@insightdesk/shared/domain/tenancy/retention';
import { tenantDeletionJobs } from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import { defineSchedules, type Schedule } from '@insightdesk/shared/jobs';

type JobName<J> = J extends { name: infer N; triggeredBy: readonly (infer T)[] }
  ? 'schedule' extends T
    ? N & string
    : never
  : never;

/** Every job that a schedule triggers, by its name; a missing one does not compile. */
type SystemSchedules = {
  [N in JobName<SystemJob>]: Schedule & { job: Extract<SystemJob, { name: N }> };
};

/** Runs a job at these times (UTC); after downtime only the latest missed time is made up for. */
const at = <J, P>(cron: string, job: J, payload: P) =>
  ({ cron, timeZone: 'UTC', catchUp: 'latest', job, payload }) as const;

export const schedules = defineSchedules({
  'attachments.expire-uploads': at('7 * * * *', attachmentJobs.expireUploads, {}),
  'attachments.reconcile-files': at('27 3 * * *', attachmentJobs.reconcileFiles, {}),
  'notifications.enqueue-overdue': at('* * * * *', notificationJobs.enqueueOverdueJob, {}),
  'tenant-deletion.delete-due-tenants': at(
    '*/5 * * * *',
    tenantDeletionJobs.deleteDueTenantsJob,
    {},
  ),
  'tenant-deletion.delete-unverified-accounts': at(
    '27 * * * *',
    tenantDeletionJobs.deleteUnverifiedAccountsJob,
    { days: 30 },
  ),
  'audit.prune': at('7 3 * * *', auditJobs.pruneAuditJob, {}),
  'audit.verify': at('37 3 * * *', auditJobs.verifyAuditJob, {}),
  'retention.delete-old-events': at('17 2 * * *', retentionJobs.deleteOldEventsJob, { days: 30 }),
  'retention.delete-old-job-steps': at('37 2 * * *', retentionJobs.deleteOldJobStepsJob, {
    days: 30,
  }),
  'retention.delete-old-idempotency-keys': at(
    '7 * * * *',
    retentionJobs.deleteOldIdempotencyKeysJob,
    { days: 1 },
  ),
  'retention.delete-old-usage': at('47 2 * * *', retentionJobs.deleteOldUsageJob, { days: 400 }),
  'customer-sign-in.delete-expired': at('17 * * * *', customerSignInJobs.deleteExpiredJob, {}),
  'users.delete-expired': at('57 2 * * *', userJobs.deleteExpiredJob, { days: 30 }),
} satisfies SystemSchedules);
