import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { retention } from './retention.ts';

const nightly = { queue: 'maintenance', payload: retention, timeoutMs: 300_000 } as const;

// Names of jobs are kept, as workers of two versions run side by side during a deploy.

/** Deletes events that were told long ago. */
export const purgeEvents = defineJob({
  name: 'tenants.purge-events',
  triggeredBy: ['schedule'],
  priority: JobPriority.LOW,
  ...nightly,
});

/** Deletes what jobs of long ago remembered of their steps. */
export const purgeJobSteps = defineJob({
  name: 'tenants.purge-job-steps',
  triggeredBy: ['schedule'],
  priority: JobPriority.LOW,
  ...nightly,
});

/** Deletes what was answered to requests that can no longer be repeated. */
export const purgeAnswers = defineJob({
  name: 'maintenance.purge-answers',
  triggeredBy: ['schedule'],
  priority: JobPriority.LOW,
  ...nightly,
});

/** Deletes what organisations used more than a year ago. */
export const purgeUsage = defineJob({
  name: 'tenants.purge-usage',
  triggeredBy: ['schedule'],
  priority: JobPriority.LOW,
  ...nightly,
});
