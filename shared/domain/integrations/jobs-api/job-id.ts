import { z } from 'zod';

/** Input of an action on one job. */
export const jobId = z.strictObject({ id: z.string().regex(/^[\w.-]{1,300}$/) });
