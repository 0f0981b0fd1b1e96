import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { onViolation } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { roleFields } from './create-role.ts';
import { RoleErrors } from './errors.ts';
import { roleUpdated } from './events.ts';
import { requireRole, roleById } from './get-role.ts';
import { requireValidPermissionSet } from './require-valid-permission-set.ts';
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
    requireValidPermissionSet(before.base, after.permissions);
    after.version = before.version + 1;
    await ctx.tx
      .update(customRoles)
      .set({ name: after.name, permissions: after.permissions, version: after.version })
      .where(roleById(ctx, id))
      .catch(onViolation('roles_name', RoleErrors.NameTaken));
    await record(ctx, roleUpdated, { roleId: id, name: after.name });
    return toRole(after);
  },
});
