import { z } from 'zod';

/** Payload of a job that deletes rows older than this. */
export const retentionPayload = z.object({ days: z.int().min(1) });
