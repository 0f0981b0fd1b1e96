import type { Context } from '@insightdesk/shared/context';
import type { CustomRoleRestriction, Id } from '@insightdesk/shared/contract';
import { statement, type Tx } from '@insightdesk/shared/database';
import { customRoles } from '@insightdesk/shared/domain/identity/roles';
import { and, eq } from 'drizzle-orm';
import { members } from '../tables.ts';

const selectCustomRole = statement(
  { tenantId: members.tenantId, userId: members.userId },
  ({ tenantId, userId }, q) =>
    q
      .select({
        roleId: customRoles.id,
        version: customRoles.version,
        permissions: customRoles.permissions,
      })
      .from(members)
      .innerJoin(
        customRoles,
        and(eq(customRoles.tenantId, members.tenantId), eq(customRoles.id, members.roleId)),
      )
      .where(and(eq(members.tenantId, tenantId), eq(members.userId, userId))),
);

interface MemberId {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
}

/** The restriction by the member's custom role; undefined without one. */
export async function findPermissionRestriction(
  ctx: Context,
  member: MemberId,
): Promise<CustomRoleRestriction | undefined> {
  const find = (tx: Tx) => selectCustomRole(tx, member);
  const [role] = await (ctx.tx
    ? find(ctx.tx)
    : ctx.database.read({ tenantId: member.tenantId }, find));
  return role;
}
