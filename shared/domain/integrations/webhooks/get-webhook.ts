import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { webhooks } from './tables.ts';
import { toWebhook, webhookEtag, webhookView } from './view.ts';

export const getWebhook = defineAction({
  summary: 'Get a webhook',
  input: z.strictObject({ id: idSchema('whk') }),
  output: webhookView,
  etag: webhookEtag,
  allow: 'webhooks:read',
  transaction: 'read',
  run: async (ctx, { id }) => toWebhook(await requireWebhook(ctx, id)),
});

/** A webhook of the organization, locked for update if `isLocked`; throws 404. */
export async function requireWebhook(ctx: TenantContext, id: Id<'whk'>, isLocked = false) {
  const query = ctx.tx.select().from(webhooks).where(isWebhook(ctx, id));
  const [row] = await (isLocked ? query.for('update') : query).execute();
  if (!row) throw WebhookErrors.NotFound();
  return row;
}

export const isWebhook = ({ tenantId }: { tenantId: Id<'org'> }, id: Id<'whk'>) =>
  matches(webhooks, { tenantId, id });
