import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { retentionPayload } from './delete-old-rows.ts';

const nightly = {
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: retentionPayload,
  timeoutMs: 300_000,
} as const;

export const deleteOldEventsJob = defineJob({ ...nightly, name: 'retention.delete-old-events' });

export const deleteOldJobStepsJob = defineJob({
  ...nightly,
  name: 'retention.delete-old-job-steps',
});

export const deleteOldIdempotencyKeysJob = defineJob({
  ...nightly,
  name: 'retention.delete-old-idempotency-keys',
});

export const deleteOldUsageJob = defineJob({ ...nightly, name: 'retention.delete-old-usage' });
