import { z } from 'zod';

/** Input that names one job. */
export const jobId = z.strictObject({ id: z.string().regex(/^[\w.-]{1,300}$/) });
