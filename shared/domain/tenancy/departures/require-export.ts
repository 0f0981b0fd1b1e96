import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, gt, sql } from 'drizzle-orm';
import { DepartureErrors } from './errors.ts';
import { exportsOfAll } from './tables.ts';

/** An export of the organisation whose time is not up; throws 404. */
export async function requireExport({ tx, tenantId }: TenantContext, id: Id<'exp'>) {
  const [row] = await tx
    .select()
    .from(exportsOfAll)
    .where(
      and(
        eq(exportsOfAll.tenantId, tenantId),
        eq(exportsOfAll.id, id),
        gt(exportsOfAll.expiresAt, sql`now()`),
      ),
    )
    .execute();
  if (!row) throw DepartureErrors.NotFound();
  return row;
}
