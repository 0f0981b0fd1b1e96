import { attachmentJobs } from '@insightdesk/shared/domain/desk/attachments';
import { userJobs } from '@insightdesk/shared/domain/identity/users';
import { auditJobs } from '@insightdesk/shared/domain/tenancy/audit';
import { departureJobs } from '@insightdesk/shared/domain/tenancy/departures';
import { maintenanceJobs } from '@insightdesk/shared/domain/tenancy/retention';
import { defineSchedules } from '@insightdesk/shared/jobs';

/** What time causes. */
export const schedules = defineSchedules({
  'collect-unclaimed': {
    cron: '7 * * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: attachmentJobs.collectUnclaimed,
    payload: {},
  },
  'sweep-files': {
    cron: '27 3 * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: attachmentJobs.sweepFiles,
    payload: {},
  },
  'erase-due': {
    cron: '*/5 * * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: departureJobs.eraseDueJob,
    payload: {},
  },
  'prune-audit': {
    cron: '7 3 * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: auditJobs.pruneAuditJob,
    payload: {},
  },
  'collect-unverified': {
    cron: '27 * * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: departureJobs.collectUnverifiedJob,
    payload: { days: 30 },
  },
  'purge-events': {
    cron: '17 2 * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: maintenanceJobs.purgeEvents,
    payload: { days: 30 },
  },
  'purge-job-steps': {
    cron: '37 2 * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: maintenanceJobs.purgeJobSteps,
    payload: { days: 30 },
  },
  'purge-answers': {
    cron: '7 * * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: maintenanceJobs.purgeAnswers,
    payload: { days: 1 },
  },
  'purge-usage': {
    cron: '47 2 * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: maintenanceJobs.purgeUsage,
    payload: { days: 400 },
  },
  'purge-expired': {
    cron: '57 2 * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: userJobs.purgeExpired,
    payload: { days: 30 },
  },
});
