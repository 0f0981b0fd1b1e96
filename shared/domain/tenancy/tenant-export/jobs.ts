import { idSchema } from '@insightdesk/shared/contract';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

export const writeArchiveJob = defineJob({
  name: 'tenant-export.write-archive',
  triggeredBy: ['organization.export-requested'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({ exportId: idSchema('exp') }),
  timeoutMs: 3_600_000,
});

/** Deletes an archive that has expired. */
export const deleteArchiveJob = defineJob({
  name: 'tenant-export.delete-archive',
  triggeredBy: ['organization.exported'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({ exportId: idSchema('exp') }),
});
