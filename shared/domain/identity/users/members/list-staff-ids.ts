import type { Context, TenantContext } from '@insightdesk/shared/context';
import { type Id, type Permission, staffRoles } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { customRoles, roleEvents } from '@insightdesk/shared/domain/identity/roles';
import { and, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import { members } from '../tables.ts';
import { findMember, memberById } from './find-member.ts';

const STAFF_TTL_SECONDS = 60;
/** A slow database is asked less often. */
const SLOW_MS = 200;
const SLOW_TTL_SECONDS = 300;
const READ_PERMISSION: Permission = 'conversations:read';

/** Active staff with permission to read conversations. */
const isStaff = and(
  isNull(members.removedAt),
  inArray(members.role, [...staffRoles]),
  or(
    isNull(members.roleId),
    sql`exists (select from ${customRoles} r where r.tenant_id = ${members.tenantId}
      and r.id = ${members.roleId} and ${READ_PERMISSION} = any(r.permissions))`,
  ),
);

/** The active staff of the organization; cached, because every message reads it. */
export function listStaffIds({ database, cache }: Context, tenantId: Id<'org'>) {
  const staff = cache.forTenant(tenantId).namespace('members');
  const load = () => database.read({ tenantId }, (tx) => selectStaffIds(tx, tenantId));
  return staff.memoize(() => 'staff', load, {
    ttlSeconds: (_, executionMs) => (executionMs < SLOW_MS ? STAFF_TTL_SECONDS : SLOW_TTL_SECONDS),
    tags: [roleEvents.STAFF_TAG],
  })();
}

async function selectStaffIds(tx: Tx, tenantId: Id<'org'>) {
  const rows = await tx
    .select({ id: members.userId })
    .from(members)
    .where(and(eq(members.tenantId, tenantId), isStaff))
    .execute();
  return rows.map(({ id }) => id);
}

/** Whether the user is active staff who can be assigned to conversations and notified of them. */
export async function isActiveStaff(
  { tx, tenantId }: TenantContext,
  userId: Id<'usr'>,
  { lock = false } = {},
): Promise<boolean> {
  const query = tx
    .select({ id: members.userId })
    .from(members)
    .where(and(memberById({ tenantId }, userId), isStaff));
  const rows = await (lock ? query.for('share') : query).execute();
  return rows.length > 0;
}

/** Whether the member can receive the messages of a conversation: its customer, or active staff. */
export async function canReceiveMessages(
  ctx: TenantContext,
  userId: Id<'usr'>,
  customerId: Id<'usr'>,
) {
  if (userId !== customerId) return isActiveStaff(ctx, userId);
  return (await findMember(ctx, userId)) !== undefined;
}
