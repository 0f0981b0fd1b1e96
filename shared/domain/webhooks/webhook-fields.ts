import { z } from 'zod';
import { filters } from './filters.ts';

/** What managers say of a webhook. */
export const fields = {
  url: z.url().max(2_000),
  description: z.string().max(500),
  events: filters,
  enabled: z.boolean(),
};
