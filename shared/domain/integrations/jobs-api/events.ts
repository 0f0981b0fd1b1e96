import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

const payload = z.object({ jobId: z.string() });

/** A failed job will be retried; recorded before it is. */
export const jobRetryRequested = defineEvent('job.retry-requested', payload);

/** A job will be cancelled; recorded before it is. */
export const jobCancelRequested = defineEvent('job.cancel-requested', payload);
