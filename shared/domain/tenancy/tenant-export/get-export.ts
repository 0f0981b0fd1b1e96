import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { and, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { ExportErrors } from './errors.ts';
import { tenantExports } from './tables.ts';
import { exportView, toExport } from './view.ts';

export const getExport = defineAction({
  summary: 'Get an export of the organization',
  input: z.strictObject({ id: idSchema('exp') }),
  output: exportView,
  allow: 'organization:export',
  transaction: 'read',
  async run(ctx, { id }) {
    return toExport(await requireExport(ctx, id));
  },
});

/** An export of the organization that has not expired; throws 404. */
export async function requireExport({ tx, tenantId }: TenantContext, id: Id<'exp'>) {
  const [row] = await tx
    .select()
    .from(tenantExports)
    .where(and(matches(tenantExports, { tenantId, id }), gt(tenantExports.expiresAt, sql`now()`)))
    .execute();
  if (!row) throw ExportErrors.NotFound();
  return row;
}
