import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { customRoleBases } from '@insightdesk/shared/contract';
import { violatedConstraint } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { count, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { RoleErrors } from './errors.ts';
import { roleCreated } from './events.ts';
import { invalidPermissionSet } from './invalid-permission-set.ts';
import { roleFields } from './role-fields.ts';
import { customRoles } from './tables.ts';
import { roleView, toRole } from './view.ts';

const MAX_ROLES = 50;

export const createRole = defineAction({
  summary: 'Create a custom role',
  input: z.strictObject({ ...roleFields, base: z.enum(customRoleBases) }),
  output: roleView,
  allow: 'roles:manage',
  transaction: 'write',
  async run(ctx, input) {
    const problem = invalidPermissionSet(input.base, input.permissions);
    if (problem) throw RoleErrors.InvalidPermissions(problem);
    await requireCapacity(ctx);
    const [role] = await ctx.tx
      .insert(customRoles)
      .values({ tenantId: ctx.tenantId, id: newId('rol'), ...input })
      .returning()
      .catch((error) => {
        throw violatedConstraint(error) === 'roles_name' ? RoleErrors.NameTaken() : error;
      });
    if (!role) throw RoleErrors.NotFound();
    await record(ctx, roleCreated, { roleId: role.id, name: role.name });
    return toRole(role);
  },
});

async function requireCapacity({ tx, tenantId }: TenantContext) {
  // Serializes concurrent creation.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`roles ${tenantId}`}, 0))`);
  const [row] = await tx
    .select({ n: count() })
    .from(customRoles)
    .where(eq(customRoles.tenantId, tenantId));
  if (row && row.n >= MAX_ROLES) throw RoleErrors.TooMany(MAX_ROLES);
}
