import type { App } from '@insightdesk/shared/boot';
import type { JobStatusEvent } from '@insightdesk/shared/jobs';

/** Counts each started job in the usage of its organization. */
export const countJobs =
  ({ container }: App) =>
  ({ state, tenantId }: JobStatusEvent): void => {
    if (state === 'active' && tenantId !== 'system') container.meter.count(tenantId, 'jobs');
  };
