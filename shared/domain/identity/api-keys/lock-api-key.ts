import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { ApiKeyErrors } from './errors.ts';
import { apiKeys } from './tables.ts';

export const apiKeyById = ({ tenantId }: { tenantId: Id<'org'> }, id: Id<'key'>) =>
  and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.id, id));

/** Locks a key until the transaction ends; throws 404. */
export async function lockApiKey(ctx: TenantContext, id: Id<'key'>) {
  const [row] = await ctx.tx.select().from(apiKeys).where(apiKeyById(ctx, id)).for('update');
  if (!row) throw ApiKeyErrors.NotFound();
  return row;
}
