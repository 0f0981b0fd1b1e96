import { defineAction, type MemberTenantContext, requireCan } from '@insightdesk/shared/context';
import { type Id, idSchema, permissionsOf, type Role, roles } from '@insightdesk/shared/contract';
import { requireRole } from '@insightdesk/shared/domain/identity/roles';
import { requireSeat } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { members } from '../tables.ts';
import { MemberErrors } from './errors.ts';
import { memberUpdated } from './events.ts';
import { memberById, requireAnotherOwner, requireMember } from './find-member.ts';
import { requireCanManage } from './require-can-manage.ts';
import { memberView, toMember } from './view.ts';

export const updateMember = defineAction({
  summary: 'Update the role of a member',
  input: z.strictObject({
    userId: idSchema('usr'),
    role: z.enum(roles),
    roleId: idSchema('rol').nullable().default(null).describe('A custom role with the base `role`'),
  }),
  output: memberView,
  allow: 'members:manage',
  transaction: 'write',
  async run(ctx, { userId, role, roleId }) {
    const member = await requireMember(ctx, userId);
    await requireCanManage(ctx, member);
    const permissions = roleId ? await permissionsIn(ctx, roleId, role) : permissionsOf(role);
    requireCan(ctx.actor, 'members:manage', { kind: 'privileges', role, permissions });
    if (member.role === 'owner' && role !== 'owner') await requireAnotherOwner(ctx, userId);
    await ctx.tx.update(members).set({ role, roleId }).where(memberById(ctx, userId));
    if (member.role === 'customer' && role !== 'customer') await requireSeat(ctx);
    await record(ctx, memberUpdated, { userId, role, roleId });
    return toMember({ ...member, role, roleId });
  },
});

async function permissionsIn(ctx: MemberTenantContext, roleId: Id<'rol'>, role: Role) {
  const custom = await requireRole(ctx, roleId, { lock: true });
  if (custom.base !== role) throw MemberErrors.RoleMismatch(custom.base);
  return custom.permissions;
}
