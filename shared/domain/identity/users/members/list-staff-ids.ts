import type { Context, TenantContext } from '@insightdesk/shared/context';
import { type Id, type Permission, staffRoles } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { customRoles, roleEvents } from '@insightdesk/shared/domain/identity/roles';
import { and, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import { findMember, memberById } from './find-member.ts';
import { members } from '../tables.ts';

const STAFF_TTL_SECONDS = 60;
const READING: Permission = 'conversations:read';

/** Active staff that may read conversations. */
const reachable = and(
  isNull(members.removedAt),
  inArray(members.role, [...staffRoles]),
  or(
    isNull(members.roleId),
    sql`exists (select from ${customRoles} r where r.tenant_id = ${members.tenantId}
      and r.id = ${members.roleId} and ${READING} = any(r.permissions))`,
  ),
);

/** The active staff among the organisation's members; asked at every message, so from the cache. */
export function listStaffIds({ database, cache }: Context, tenantId: Id<'org'>) {
  const staff = cache.forTenant(tenantId).namespace('members');
  const load = () => database.read({ tenantId }, (tx) => selectStaffIds(tx, tenantId));
  return staff.memoize(() => 'staff', load, {
    ttlSeconds: STAFF_TTL_SECONDS,
    tags: [roleEvents.STAFF_TAG],
  })();
}

async function selectStaffIds(tx: Tx, tenantId: Id<'org'>) {
  const rows = await tx
    .select({ id: members.userId })
    .from(members)
    .where(and(eq(members.tenantId, tenantId), reachable))
    .execute();
  return rows.map(({ id }) => id);
}

/** Whether this is somebody at this moment to whom conversations may be given, and told of. */
export async function isActiveStaff(
  { tx, tenantId }: TenantContext,
  userId: Id<'usr'>,
  { lock = false } = {},
): Promise<boolean> {
  const query = tx
    .select({ id: members.userId })
    .from(members)
    .where(and(memberById({ tenantId }, userId), reachable));
  const rows = await (lock ? query.for('share') : query).execute();
  return rows.length > 0;
}

/** Whether this member may get the messages of a conversation at this moment: its customer or staff. */
export async function canReceiveMessages(ctx: TenantContext, userId: Id<'usr'>, customerId: Id<'usr'>) {
  if (userId !== customerId) return isActiveStaff(ctx, userId);
  return (await findMember(ctx, userId)) !== undefined;
}
