import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { and, asc, eq, isNull } from 'drizzle-orm';
import { members } from '../tables.ts';

const MAX_MEMBERSHIPS = 1000;

/** The organizations that a user is an active member of, oldest membership first. */
export const listMemberships = (ctx: Context, userId: Id<'usr'>) =>
  ctx.database.read({ userId }, (tx) =>
    tx
      .select({
        id: organizations.id,
        name: organizations.name,
        disabledAt: organizations.disabledAt,
        role: members.role,
      })
      .from(members)
      .innerJoin(organizations, eq(organizations.id, members.tenantId))
      .where(and(eq(members.userId, userId), isNull(members.removedAt)))
      .orderBy(asc(members.createdAt), asc(members.tenantId))
      .limit(MAX_MEMBERSHIPS)
      .execute(),
  );
