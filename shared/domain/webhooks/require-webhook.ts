import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { WebhookErrors } from './errors.ts';
import { webhooks } from './tables.ts';

/** One webhook of the organisation. */
export async function requireWebhook(ctx: TenantContext, id: Id<'whk'>) {
  const [row] = await ctx.tx.select().from(webhooks).where(isWebhook(ctx, id)).execute();
  if (!row) throw WebhookErrors.NotFound();
  return row;
}

export const isWebhook = ({ tenantId }: { tenantId: Id<'org'> }, id: Id<'whk'>) =>
  and(eq(webhooks.tenantId, tenantId), eq(webhooks.id, id));
