import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { violatedConstraint } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { RoleErrors } from './errors.ts';
import { roleDeleted } from './events.ts';
import { roleById } from './require-role.ts';
import { customRoles } from './tables.ts';

/** Removes a custom role that nobody has. */
export const deleteRole = defineAction({
  summary: 'Remove a custom role that nobody has',
  input: z.strictObject({ id: idSchema('rol') }),
  output: z.void(),
  allow: 'roles:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const [gone] = await ctx.tx
      .delete(customRoles)
      .where(roleById(ctx, id))
      .returning({ name: customRoles.name })
      .catch((error) => {
        throw violatedConstraint(error) === 'members_role_fk' ? RoleErrors.InUse() : error;
      });
    if (!gone) throw RoleErrors.NotFound();
    await record(ctx, roleDeleted, { roleId: id, name: gone.name });
  },
});
