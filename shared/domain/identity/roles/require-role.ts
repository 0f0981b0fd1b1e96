import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { RoleErrors } from './errors.ts';
import { customRoles } from './tables.ts';

/** One custom role of the organisation; `lock` keeps it as it is until the transaction ends. */
export async function requireRole(ctx: TenantContext, id: Id<'rol'>, { lock = false } = {}) {
  const query = ctx.tx.select().from(customRoles).where(roleById(ctx, id));
  const [row] = await (lock ? query.for('update') : query).execute();
  if (!row) throw RoleErrors.NotFound();
  return row;
}

export const roleById = ({ tenantId }: { tenantId: Id<'org'> }, id: Id<'rol'>) =>
  and(eq(customRoles.tenantId, tenantId), eq(customRoles.id, id));
