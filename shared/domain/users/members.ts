import { type Context, defineAction, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema, managerRoles, roles, staffRoles } from '@insightdesk/shared/contract';
import { decodeCursor, page, pageInput, pageOf, type Tx } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { and, desc, eq, inArray, isNull, lt } from 'drizzle-orm';
import { z } from 'zod';
import { UserErrors } from './errors.ts';
import { memberRemoved, memberUpdated, STAFF_TAG } from './events.ts';
import { members, sessions, users } from './tables.ts';
import { memberView, toMember } from './view.ts';

const columns = {
  id: users.id,
  email: users.email,
  name: users.name,
  role: members.role,
  createdAt: members.createdAt,
};

/** The members of the organisation, newest account first. */
export const listMembers = defineAction({
  summary: 'List the members of the organisation',
  input: z.strictObject({ ...pageInput, role: z.enum(roles).optional() }),
  output: pageOf(memberView),
  allow: staffRoles,
  transaction: 'read',
  async run({ tx, tenantId }, { limit, cursor, role }) {
    const before = decodeCursor(cursor, idSchema('usr'));
    const rows = await tx
      .select(columns)
      .from(members)
      .innerJoin(users, eq(users.id, members.userId))
      .where(
        and(
          eq(members.tenantId, tenantId),
          isNull(members.removedAt),
          role && eq(members.role, role),
          before && lt(members.userId, before),
        ),
      )
      .orderBy(desc(members.userId))
      .limit(limit + 1)
      .execute();
    return page(rows, limit, (row) => row.id, toMember);
  },
});

/** Gives a member another role. */
export const changeRole = defineAction({
  summary: "Change a member's role",
  input: z.strictObject({ userId: idSchema('usr'), role: z.enum(roles) }),
  output: memberView,
  allow: managerRoles,
  transaction: 'write',
  async run(ctx, { userId, role }) {
    const member = await requireMember(ctx, userId);
    if (ctx.actor.role !== 'owner' && (member.role === 'owner' || role === 'owner')) {
      throw UserErrors.OwnersOnly();
    }
    if (member.role === 'owner' && role !== 'owner') await requireAnotherOwner(ctx, userId);
    await ctx.tx.update(members).set({ role }).where(isMember(ctx, userId));
    await record(ctx, memberUpdated, { userId, role });
    return toMember({ ...member, role });
  },
});

/** Takes a member out of the organisation and ends its sessions; what it wrote stays. */
export const removeMember = defineAction({
  summary: 'Remove a member',
  input: z.strictObject({ userId: idSchema('usr') }),
  output: z.void(),
  allow: managerRoles,
  transaction: 'write',
  async run(ctx, { userId }) {
    const member = await requireMember(ctx, userId);
    if (member.role === 'owner') {
      if (ctx.actor.role !== 'owner') throw UserErrors.OwnersOnly();
      await requireAnotherOwner(ctx, userId);
    }
    const now = new Date();
    await ctx.tx.update(members).set({ removedAt: now }).where(isMember(ctx, userId));
    await ctx.tx
      .update(sessions)
      .set({ revokedAt: now })
      .where(and(eq(sessions.tenantId, ctx.tenantId), eq(sessions.userId, userId)));
    await record(ctx, memberRemoved, { userId });
  },
});

const STAFF_TTL_SECONDS = 60;

/** The active staff among the organisation's members; asked at every message, so from the cache. */
export function listStaffIds({ database, cache }: Context, tenantId: Id<'org'>) {
  const staff = cache.forTenant(tenantId).namespace('members');
  const load = () => database.read({ tenantId }, (tx) => selectStaffIds(tx, tenantId));
  return staff.memoize(() => 'staff', load, {
    ttlSeconds: STAFF_TTL_SECONDS,
    tags: [STAFF_TAG],
  })();
}

/** The active owners of the organisation. */
export function listOwners({ tx, tenantId }: TenantContext) {
  return tx
    .select(columns)
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(
      and(eq(members.tenantId, tenantId), eq(members.role, 'owner'), isNull(members.removedAt)),
    )
    .execute();
}

async function selectStaffIds(tx: Tx, tenantId: Id<'org'>) {
  const rows = await tx
    .select({ id: members.userId })
    .from(members)
    .where(
      and(
        eq(members.tenantId, tenantId),
        isNull(members.removedAt),
        inArray(members.role, [...staffRoles]),
      ),
    )
    .execute();
  return rows.map(({ id }) => id);
}

/** One active member, or undefined. */
export async function findMember(ctx: TenantContext, userId: Id<'usr'>) {
  const [member] = await ctx.tx
    .select(columns)
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(and(isMember(ctx, userId), isNull(members.removedAt)))
    .execute();
  return member;
}

/** The active member with this address, or undefined. */
export async function findMemberByEmail(ctx: TenantContext, address: string) {
  const [member] = await ctx.tx
    .select(columns)
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(
      and(eq(members.tenantId, ctx.tenantId), eq(users.email, address), isNull(members.removedAt)),
    )
    .execute();
  return member;
}

async function requireMember(ctx: TenantContext, userId: Id<'usr'>) {
  const member = await findMember(ctx, userId);
  if (!member) throw UserErrors.NotFound();
  return member;
}

/** Locks the owners, so that two cannot leave at the same moment. */
async function requireAnotherOwner(ctx: TenantContext, leaving: Id<'usr'>) {
  const owners = await ctx.tx
    .select({ userId: members.userId })
    .from(members)
    .where(
      and(eq(members.tenantId, ctx.tenantId), eq(members.role, 'owner'), isNull(members.removedAt)),
    )
    .for('update');
  if (!owners.some(({ userId }) => userId !== leaving)) throw UserErrors.LastOwner();
}

const isMember = (ctx: TenantContext, userId: Id<'usr'>) =>
  and(eq(members.tenantId, ctx.tenantId), eq(members.userId, userId));
