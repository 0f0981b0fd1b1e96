import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { members, users } from '@insightdesk/shared/domain/identity/users';
import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { ApiKeyErrors } from './errors.ts';
import { apiKeys } from './tables.ts';
import { apiKeyView, toApiKey } from './view.ts';

export const getApiKey = defineAction({
  summary: 'Get an API key',
  input: z.strictObject({ id: idSchema('key') }),
  output: apiKeyView,
  allow: 'api-keys:read',
  transaction: 'read',
  run: async (ctx, { id }) => toApiKey(await requireApiKey(ctx, id)),
});

export async function requireApiKey(ctx: TenantContext, id: Id<'key'>) {
  const [row] = await selectApiKeys(ctx, eq(apiKeys.id, id)).execute();
  if (!row) throw ApiKeyErrors.NotFound();
  return row;
}

export const apiKeyById = ({ tenantId }: { tenantId: Id<'org'> }, id: Id<'key'>) =>
  matches(apiKeys, { tenantId, id });

/** Locks a key until the transaction ends; throws 404. */
export async function lockApiKey(ctx: TenantContext, id: Id<'key'>) {
  const [row] = await ctx.tx.select().from(apiKeys).where(apiKeyById(ctx, id)).for('update');
  if (!row) throw ApiKeyErrors.NotFound();
  return row;
}

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
    .innerJoin(members, matches(members, { tenantId: apiKeys.tenantId, userId: apiKeys.createdBy }))
    .innerJoin(users, eq(users.id, apiKeys.createdBy))
    .where(and(eq(apiKeys.tenantId, tenantId), where));
