import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { violatedConstraint } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { RoleErrors } from './errors.ts';
import { roleRemoved } from './events.ts';
import { isRole } from './require-role.ts';
import { customRoles } from './tables.ts';

/** Removes a custom role that nobody has. */
export const removeRole = defineAction({
  summary: 'Remove a custom role that nobody has',
  input: z.strictObject({ id: idSchema('rol') }),
  output: z.void(),
  allow: 'roles:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const [gone] = await ctx.tx
      .delete(customRoles)
      .where(isRole(ctx, id))
      .returning({ name: customRoles.name })
      .catch((error) => {
        throw violatedConstraint(error) === 'members_role_fk' ? RoleErrors.InUse() : error;
      });
    if (!gone) throw RoleErrors.NotFound();
    await record(ctx, roleRemoved, { roleId: id, name: gone.name });
  },
});
