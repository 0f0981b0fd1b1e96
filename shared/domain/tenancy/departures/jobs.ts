import { idSchema } from '@insightdesk/shared/contract';
import { retention } from '@insightdesk/shared/domain/tenancy/retention';
import { defineJob, JobPriority } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const HOUR_MS = 3_600_000;

export const writeArchiveJob = defineJob({
  name: 'departures.write-archive',
  triggeredBy: ['organization.export-requested'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({ exportId: idSchema('exp') }),
  timeoutMs: HOUR_MS,
});

/** Removes an archive whose time is up. */
export const removeArchiveJob = defineJob({
  name: 'departures.remove-archive',
  triggeredBy: ['organization.exported'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: z.object({ exportId: idSchema('exp') }),
});

/** Erases accounts that were never verified, with their empty organisations. */
export const collectUnverifiedJob = defineJob({
  name: 'departures.collect-unverified',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  priority: JobPriority.LOW,
  payload: retention,
  timeoutMs: HOUR_MS,
});

/** Erases the organisations whose time is up; what is left undone the next one goes on with. */
export const eraseDueJob = defineJob({
  name: 'departures.erase-due',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  payload: z.object({}),
  timeoutMs: HOUR_MS,
});
