import { DEPENDENCY_GONE, type JobStatus, jobStates, queueNames } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const instant = z.iso.datetime();

export const jobView = z
  .object({
    id: z.string(),
    name: z.string(),
    queue: z.enum(queueNames),
    state: z.enum(jobStates),
    progress: z.number().describe('0 to 100'),
    attempts: z.int(),
    reason: z.string().nullable().describe('Reason of the last failure'),
    enqueuedAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'Job' });

export const jobWithLogView = jobView
  .extend({ log: z.array(z.string()) })
  .meta({ id: 'JobWithLog' });

const publicReason = /^((Domain\w*|Conflict|Forbidden|Zod)Error|Cancelled)\b/;

const isPublic = (reason: string) => publicReason.test(reason) || reason === DEPENDENCY_GONE;

/** A job as organizations see it, without reasons that reveal internals of the system. */
export const toJob = <J extends JobStatus>(job: J): J => ({
  ...job,
  reason: job.reason === null || isPublic(job.reason) ? job.reason : 'Internal error',
});
