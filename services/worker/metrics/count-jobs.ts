import type { App } from '@insightdesk/shared/boot';
import type { JobNews } from '@insightdesk/shared/jobs';

/** Counts each job that begins as used by its organisation. */
export const countJobs =
  ({ parts }: App) =>
  ({ state, tenantId }: JobNews): void => {
    if (state === 'active' && tenantId !== 'system') parts.meter.count(tenantId, 'jobs');
  };
