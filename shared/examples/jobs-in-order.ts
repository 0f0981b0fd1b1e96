import {
  chainJobs,
  defineJob,
  type JobOwner,
  type JobRequest,
  jobFor,
} from '@insightdesk/shared/jobs';
import { z } from 'zod';

const importPayload = z.object({ source: z.string() });

/** Jobs of one import, each of which needs the result of the previous one. */
export const readSource = defineJob({
  name: 'imports.read',
  queue: 'maintenance',
  payload: importPayload,
});
export const indexSource = defineJob({
  name: 'imports.index',
  queue: 'maintenance',
  payload: importPayload,
});
export const notifyImport = defineJob({
  name: 'imports.notify',
  queue: 'maintenance',
  payload: importPayload,
});

/** One request for all three jobs; when one fails permanently, the later ones fail without a run. */
export function importInOrder(
  cause: { id: string; tenantId: JobOwner; requestId: string },
  source: string,
): JobRequest {
  const jobs = [readSource, indexSource, notifyImport].map((job) => jobFor(cause, job, { source }));
  return chainJobs(jobs, 'fail');
}
