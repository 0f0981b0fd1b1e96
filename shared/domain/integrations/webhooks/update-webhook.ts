import { defineAction, requireMatch } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { webhookFields } from './create-webhook.ts';
import { WebhookErrors } from './errors.ts';
import { requireKnownEvents } from './event-filters.ts';
import { webhookUpdated } from './events.ts';
import { isWebhook, requireWebhook } from './get-webhook.ts';
import { webhooks } from './tables.ts';
import { toWebhook, webhookEtag, webhookView } from './view.ts';

/** Updates a webhook; enabling it clears its failure state. */
export const updateWebhook = defineAction({
  summary: 'Update a webhook',
  input: z.strictObject({ id: idSchema('whk'), ...z.object(webhookFields).partial().shape }),
  output: webhookView,
  etag: webhookEtag,
  requiresIfMatch: true,
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id, ...input }) {
    const before = await requireWebhook(ctx, id, true);
    requireMatch(ctx, webhookEtag(toWebhook(before)));
    if (input.url !== undefined) ctx.security.safeFetch.check(input.url);
    if (input.events !== undefined) requireKnownEvents(ctx.settings.publicEvents, input.events);
    const changes = Object.entries(input).filter(([, value]) => value !== undefined);
    if (changes.length === 0) return toWebhook(before);
    const reset =
      input.enabled === true
        ? { disabledReason: null, failingSince: null, unansweredCount: 0, pausedUntil: null }
        : {};
    const [after] = await ctx.tx
      .update(webhooks)
      .set({ ...Object.fromEntries(changes), ...reset })
      .where(isWebhook(ctx, id))
      .returning();
    if (!after) throw WebhookErrors.NotFound();
    await record(ctx, webhookUpdated, { webhookId: id, ...Object.fromEntries(changes) });
    return toWebhook(after);
  },
});
