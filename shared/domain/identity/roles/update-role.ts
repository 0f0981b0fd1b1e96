import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { violatedConstraint } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { RoleErrors } from './errors.ts';
import { roleUpdated } from './events.ts';
import { requireRole, roleById } from './get-role.ts';
import { invalidPermissionSet } from './invalid-permission-set.ts';
import { roleFields } from './role-fields.ts';
import { customRoles } from './tables.ts';
import { roleView, toRole } from './view.ts';

/** Invalidates the access tokens and sockets of the role's members; a refresh brings the new role. */
export const updateRole = defineAction({
  summary: 'Update a custom role',
  input: z.strictObject({ id: idSchema('rol'), ...z.object(roleFields).partial().shape }),
  output: roleView,
  allow: 'roles:manage',
  transaction: 'write',
  async run(ctx, { id, name, permissions }) {
    const before = await requireRole(ctx, id, { lock: true });
    const after = {
      ...before,
      name: name ?? before.name,
      permissions: permissions ?? before.permissions,
    };
    const problem = invalidPermissionSet(before.base, after.permissions);
    if (problem) throw RoleErrors.InvalidPermissions(problem);
    after.version = before.version + 1;
    await ctx.tx
      .update(customRoles)
      .set({ name: after.name, permissions: after.permissions, version: after.version })
      .where(roleById(ctx, id))
      .catch((error) => {
        throw violatedConstraint(error) === 'roles_name' ? RoleErrors.NameTaken() : error;
      });
    await record(ctx, roleUpdated, { roleId: id, name: after.name });
    return toRole(after);
  },
});
