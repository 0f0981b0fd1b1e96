import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { KeyErrors } from './errors.ts';
import { apiKeys } from './tables.ts';

export const isKey = ({ tenantId }: { tenantId: Id<'org'> }, id: Id<'key'>) =>
  and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.id, id));

/** One key of the organisation, to itself until the transaction ends; throws 404. */
export async function lockKey(ctx: TenantContext, id: Id<'key'>) {
  const [row] = await ctx.tx.select().from(apiKeys).where(isKey(ctx, id)).for('update');
  if (!row) throw KeyErrors.NotFound();
  return row;
}
