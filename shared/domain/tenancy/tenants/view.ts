import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import type { organizations } from './tables.ts';

export const organizationView = z
  .object({ id: idSchema('org'), name: z.string() })
  .meta({ id: 'Organization' });

export function toOrganization(row: Pick<typeof organizations.$inferSelect, 'id' | 'name'>) {
  return { id: row.id, name: row.name };
}
