import { z } from 'zod';

/** What a nightly deletion is told: how many days its rows are kept. */
export const retention = z.object({ days: z.int().min(1) });
