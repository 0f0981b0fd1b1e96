import {
  chainJob,
  defineJob,
  type JobOwner,
  type JobRequest,
  jobFor,
} from '@insightdesk/shared/jobs';
import { z } from 'zod';

const importing = z.object({ source: z.string() });

/** Jobs of one import, each of which needs what the one before has done. */
export const readSource = defineJob({
  name: 'imports.read',
  queue: 'maintenance',
  payload: importing,
});
export const buildIndex = defineJob({
  name: 'imports.index',
  queue: 'maintenance',
  payload: importing,
});
export const announce = defineJob({
  name: 'imports.announce',
  queue: 'maintenance',
  payload: importing,
});

/** One request for all three; when a link fails for good, those behind it fail without a run. */
export function importInOrder(
  cause: { id: string; tenantId: JobOwner; requestId: string },
  source: string,
): JobRequest {
  const links = [readSource, buildIndex, announce].map((job) => jobFor(cause, job, { source }));
  return chainJob(links, 'fail');
}
