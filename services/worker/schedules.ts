import { departureJobs } from '@insightdesk/shared/domain/departures';
import { maintenanceJobs } from '@insightdesk/shared/domain/maintenance';
import { userJobs } from '@insightdesk/shared/domain/users';
import { defineSchedules } from '@insightdesk/shared/jobs';

/** What time causes. */
export const schedules = defineSchedules({
  'erase-due': {
    cron: '*/5 * * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: departureJobs.eraseDueJob,
    payload: {},
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
  'purge-expired': {
    cron: '57 2 * * *',
    timeZone: 'UTC',
    catchUp: 'latest',
    job: userJobs.purgeExpired,
    payload: { days: 30 },
  },
});
