import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { z } from 'zod';
import { RoleErrors } from './errors.ts';
import { customRoles } from './tables.ts';
import { roleView, toRole } from './view.ts';

export const getRole = defineAction({
  summary: 'Get a custom role',
  input: z.strictObject({ id: idSchema('rol') }),
  output: roleView,
  allow: 'roles:read',
  transaction: 'read',
  run: async (ctx, { id }) => toRole(await requireRole(ctx, id)),
});

/** Throws 404; `lock` locks the role until the transaction ends. */
export async function requireRole(ctx: TenantContext, id: Id<'rol'>, { lock = false } = {}) {
  const query = ctx.tx.select().from(customRoles).where(roleById(ctx, id));
  const [row] = await (lock ? query.for('update') : query).execute();
  if (!row) throw RoleErrors.NotFound();
  return row;
}

export const roleById = ({ tenantId }: { tenantId: Id<'org'> }, id: Id<'rol'>) =>
  matches(customRoles, { tenantId, id });
