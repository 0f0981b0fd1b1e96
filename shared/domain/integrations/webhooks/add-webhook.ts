import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { count, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { webhookAdded } from './events.ts';
import { requireKnown } from './filters.ts';
import { keepKeys } from './kept-secret.ts';
import { newKeys } from './signature.ts';
import { webhooks } from './tables.ts';
import { secretView, toWebhook, webhookView } from './view.ts';
import { fields } from './webhook-fields.ts';

const MOST = 20;

/** Adds a webhook; its secret is in this answer and in no other. */
export const addWebhook = defineAction({
  summary: 'Add a webhook',
  input: z.strictObject({
    url: fields.url,
    events: fields.events,
    description: fields.description.default(''),
    enabled: fields.enabled.default(true),
  }),
  output: z.object({ ...webhookView.shape, ...secretView.shape }),
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, input) {
    ctx.security.outbound.check(input.url);
    requireKnown(ctx.settings.publicEvents, input.events);
    await requireRoom(ctx);
    const keys = newKeys();
    const row = {
      tenantId: ctx.tenantId,
      id: newId('whk'),
      secret: keepKeys(ctx, keys),
      ...input,
    };
    const [made] = await ctx.tx.insert(webhooks).values(row).returning();
    if (!made) throw WebhookErrors.NotFound();
    await record(ctx, webhookAdded, { webhookId: made.id, ...input });
    return { ...toWebhook(made), secret: keys.secret, publicKey: keys.publicKey };
  },
});

async function requireRoom({ tx, tenantId }: TenantContext) {
  // Two that are added at once wait for each other.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`webhooks ${tenantId}`}, 0))`,
  );
  const [row] = await tx
    .select({ n: count() })
    .from(webhooks)
    .where(eq(webhooks.tenantId, tenantId));
  if (row && row.n >= MOST) throw WebhookErrors.TooMany(MOST);
}
