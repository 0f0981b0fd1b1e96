import { type JobStatus, jobStates, queueNames } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const instant = z.iso.datetime();

export const jobView = z.object({
  id: z.string(),
  name: z.string(),
  queue: z.enum(queueNames),
  state: z.enum(jobStates),
  progress: z.number().describe('0 to 100'),
  attempts: z.int(),
  reason: z.string().nullable().describe('Why it failed last'),
  enqueuedAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
});

export const jobWithLogView = jobView.extend({ log: z.array(z.string()) });

const ownReason =
  /^(Domain\w*|Conflict|Forbidden|Zod)Error\b|^Cancelled\b|^A job that it waits for/;

/** What organisations are told of a job; why the system failed is between it and its operators. */
export const toJob = <J extends JobStatus>(job: J): J => ({
  ...job,
  reason:
    job.reason === null || ownReason.test(job.reason) ? job.reason : 'The system has met a failure',
});
