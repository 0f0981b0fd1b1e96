import type { Context } from '@insightdesk/shared/context';
import type { CustomRoleRestriction, Id } from '@insightdesk/shared/contract';
import { matches, statement, type Tx } from '@insightdesk/shared/database';
import { customRoles } from '@insightdesk/shared/domain/identity/roles';
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
        matches(customRoles, { tenantId: members.tenantId, id: members.roleId }),
      )
      .where(matches(members, { tenantId, userId })),
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
