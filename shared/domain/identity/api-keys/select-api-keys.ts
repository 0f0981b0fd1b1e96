import type { TenantContext } from '@insightdesk/shared/context';
import { members, users } from '@insightdesk/shared/domain/identity/users';
import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import { apiKeys } from './tables.ts';

const columns = {
  ...getTableColumns(apiKeys),
  creatorName: users.name,
  isCreatorMember: sql<boolean>`${members.removedAt} is null`,
};

/** Selects keys of the organization with their creators, also removed ones. */
export const selectApiKeys = ({ tx, tenantId }: TenantContext, where: SQL | undefined) =>
  tx
    .select(columns)
    .from(apiKeys)
    .innerJoin(
      members,
      and(eq(members.tenantId, apiKeys.tenantId), eq(members.userId, apiKeys.createdBy)),
    )
    .innerJoin(users, eq(users.id, apiKeys.createdBy))
    .where(and(eq(apiKeys.tenantId, tenantId), where));
