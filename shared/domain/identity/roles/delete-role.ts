import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { onViolation } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { RoleErrors } from './errors.ts';
import { roleDeleted } from './events.ts';
import { roleById } from './get-role.ts';
import { customRoles } from './tables.ts';

export const deleteRole = defineAction({
  summary: 'Delete an unassigned custom role',
  input: z.strictObject({ id: idSchema('rol') }),
  output: z.void(),
  allow: 'roles:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const [deleted] = await ctx.tx
      .delete(customRoles)
      .where(roleById(ctx, id))
      .returning({ name: customRoles.name })
      .catch(onViolation('members_role_fk', RoleErrors.InUse));
    if (!deleted) throw RoleErrors.NotFound();
    await record(ctx, roleDeleted, { roleId: id, name: deleted.name });
  },
});
