import { defineAction, singleLine } from '@insightdesk/shared/context';
import { customRoleBases, permissionNames } from '@insightdesk/shared/contract';
import { onViolation, requireCapacity } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { RoleErrors } from './errors.ts';
import { roleCreated } from './events.ts';
import { requireValidPermissionSet } from './require-valid-permission-set.ts';
import { customRoles } from './tables.ts';
import { roleView, toRole } from './view.ts';

export const roleFields = {
  name: singleLine(60),
  permissions: z
    .array(z.enum(permissionNames))
    .max(permissionNames.length)
    .transform((names) => [...new Set(names)])
    .describe('A subset of those of the base role; permissions for the own account always remain'),
};

const MAX_ROLES = 50;

export const createRole = defineAction({
  summary: 'Create a custom role',
  input: z.strictObject({ ...roleFields, base: z.enum(customRoleBases) }),
  output: roleView,
  allow: 'roles:manage',
  transaction: 'write',
  async run(ctx, input) {
    requireValidPermissionSet(input.base, input.permissions);
    await requireCapacity(ctx, customRoles, { max: MAX_ROLES, tooMany: RoleErrors.TooMany });
    const [role] = await ctx.tx
      .insert(customRoles)
      .values({ tenantId: ctx.tenantId, id: newId('rol'), ...input })
      .returning()
      .catch(onViolation('roles_name', RoleErrors.NameTaken));
    if (!role) throw RoleErrors.NotFound();
    await record(ctx, roleCreated, { roleId: role.id, name: role.name });
    return toRole(role);
  },
});
