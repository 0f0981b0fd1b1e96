import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { count, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { requireKnownEvents } from './event-filters.ts';
import { webhookCreated } from './events.ts';
import { newKeys } from './signing/signature.ts';
import { sealKeys } from './signing/stored-keys.ts';
import { webhooks } from './tables.ts';
import { secretView, toWebhook, webhookView } from './view.ts';
import { webhookFields } from './webhook-fields.ts';

const MAX_WEBHOOKS = 20;

/** Creates a webhook; only this response contains its secret. */
export const createWebhook = defineAction({
  summary: 'Create a webhook',
  input: z.strictObject({
    url: webhookFields.url,
    events: webhookFields.events,
    description: webhookFields.description.default(''),
    enabled: webhookFields.enabled.default(true),
  }),
  output: z.object({ ...webhookView.shape, ...secretView.shape }),
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, input) {
    ctx.security.safeFetch.check(input.url);
    requireKnownEvents(ctx.settings.publicEvents, input.events);
    await requireBelowLimit(ctx);
    const keys = newKeys();
    const row = { tenantId: ctx.tenantId, id: newId('whk'), secret: sealKeys(ctx, keys), ...input };
    const [created] = await ctx.tx.insert(webhooks).values(row).returning();
    if (!created) throw WebhookErrors.NotFound();
    await record(ctx, webhookCreated, { webhookId: created.id, ...input });
    return { ...toWebhook(created), secret: keys.secret, publicKey: keys.publicKey };
  },
});

async function requireBelowLimit({ tx, tenantId }: TenantContext) {
  // Concurrent calls wait for each other.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`webhooks ${tenantId}`}, 0))`,
  );
  const [row] = await tx
    .select({ n: count() })
    .from(webhooks)
    .where(eq(webhooks.tenantId, tenantId));
  if (row && row.n >= MAX_WEBHOOKS) throw WebhookErrors.TooMany(MAX_WEBHOOKS);
}
