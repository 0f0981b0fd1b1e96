import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { decodeCursor, pageInput, pageSchema, toPage } from '@insightdesk/shared/database';
import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { customRoles } from './tables.ts';
import { roleView, toRole } from './view.ts';

/** Newest first. */
export const listRoles = defineAction({
  summary: 'List custom roles',
  input: z.strictObject(pageInput),
  output: pageSchema(roleView),
  allow: 'roles:read',
  transaction: 'read',
  async run({ tx, tenantId }, { limit, cursor }) {
    const before = decodeCursor(cursor, idSchema('rol'));
    const rows = await tx
      .select()
      .from(customRoles)
      .where(and(eq(customRoles.tenantId, tenantId), before && lt(customRoles.id, before)))
      .orderBy(desc(customRoles.id))
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, ({ id }) => id, toRole);
  },
});
