import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

const ofJob = z.object({ jobId: z.string() });

/** Somebody asks for a failed job to be tried again; told before it is. */
export const jobRetryAsked = defineEvent('job.retry-asked', ofJob);

/** Somebody asks for a job to end; told before it does. */
export const jobCancelAsked = defineEvent('job.cancel-asked', ofJob);
