import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { members, users } from '@insightdesk/shared/domain/identity/users';
import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import { ApiKeyErrors } from './errors.ts';
import { apiKeys } from './tables.ts';

const columns = {
  ...getTableColumns(apiKeys),
  creatorName: users.name,
  isCreatorMember: sql<boolean>`${members.removedAt} is null`,
};

/** The organisation's keys with who made them, also when that is no member any more. */
export const selectApiKeys = ({ tx, tenantId }: TenantContext, wanted: SQL | undefined) =>
  tx
    .select(columns)
    .from(apiKeys)
    .innerJoin(
      members,
      and(eq(members.tenantId, apiKeys.tenantId), eq(members.userId, apiKeys.createdBy)),
    )
    .innerJoin(users, eq(users.id, apiKeys.createdBy))
    .where(and(eq(apiKeys.tenantId, tenantId), wanted));

/** One key of the organisation; throws 404. */
export async function requireApiKey(ctx: TenantContext, id: Id<'key'>) {
  const [row] = await selectApiKeys(ctx, eq(apiKeys.id, id)).execute();
  if (!row) throw ApiKeyErrors.NotFound();
  return row;
}
