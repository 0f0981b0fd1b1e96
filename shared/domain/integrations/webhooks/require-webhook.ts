import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { WebhookErrors } from './errors.ts';
import { webhooks } from './tables.ts';

/** A webhook of the organization, locked for update if `isLocked`; throws 404. */
export async function requireWebhook(ctx: TenantContext, id: Id<'whk'>, isLocked = false) {
  const query = ctx.tx.select().from(webhooks).where(isWebhook(ctx, id));
  const [row] = await (isLocked ? query.for('update') : query).execute();
  if (!row) throw WebhookErrors.NotFound();
  return row;
}

export const isWebhook = ({ tenantId }: { tenantId: Id<'org'> }, id: Id<'whk'>) =>
  and(eq(webhooks.tenantId, tenantId), eq(webhooks.id, id));
