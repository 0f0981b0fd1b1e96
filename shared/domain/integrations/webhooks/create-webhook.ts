import { defineAction, text } from '@insightdesk/shared/context';
import { requireCapacity } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { eventFilters, requireKnownEvents } from './event-filters.ts';
import { webhookCreated } from './events.ts';
import { newKeys } from './signing/signature.ts';
import { sealKeys } from './signing/stored-keys.ts';
import { webhooks } from './tables.ts';
import { secretView, toWebhook, webhookView } from './view.ts';

/** The fields of a webhook that clients can write. */
export const webhookFields = {
  url: z
    .string()
    .max(2_000, { abort: true })
    .refine((value) => !value.includes('\0'), 'Must not contain NUL')
    .check(z.url()),
  description: text(500, 0),
  events: eventFilters,
  enabled: z.boolean(),
};

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
  output: z.object({ ...webhookView.shape, ...secretView.shape }).meta({ id: 'WebhookWithSecret' }),
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, input) {
    ctx.security.safeFetch.check(input.url);
    requireKnownEvents(ctx.settings.publicEvents, input.events);
    await requireCapacity(ctx, webhooks, { max: MAX_WEBHOOKS, tooMany: WebhookErrors.TooMany });
    const keys = newKeys();
    const row = { tenantId: ctx.tenantId, id: newId('whk'), secret: sealKeys(ctx, keys), ...input };
    const [created] = await ctx.tx.insert(webhooks).values(row).returning();
    if (!created) throw WebhookErrors.NotFound();
    await record(ctx, webhookCreated, { webhookId: created.id, ...input });
    return { ...toWebhook(created), secret: keys.secret, publicKey: keys.publicKey };
  },
});
