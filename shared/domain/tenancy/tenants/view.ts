import { idSchema } from '@insightdesk/shared/contract';
import type { InferSelectModel } from 'drizzle-orm';
import { z } from 'zod';
import type { organizations } from './tables.ts';

export const organizationView = z.object({ id: idSchema('org'), name: z.string() });

export function toOrganization(row: Pick<InferSelectModel<typeof organizations>, 'id' | 'name'>) {
  return { id: row.id, name: row.name };
}
