import { defineAction, requireMatch } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { WebhookErrors } from './errors.ts';
import { webhookChanged } from './events.ts';
import { requireKnown } from './filters.ts';
import { isWebhook, requireWebhook } from './require-webhook.ts';
import { webhooks } from './tables.ts';
import { toWebhook, webhookTag, webhookView } from './view.ts';
import { fields } from './webhook-fields.ts';

/** Changes a webhook; one that is switched on again starts without a past. */
export const changeWebhook = defineAction({
  summary: 'Change a webhook',
  input: z.strictObject({ id: idSchema('whk'), ...z.object(fields).partial().shape }),
  output: webhookView,
  etag: webhookTag,
  looksAtVersion: true,
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id, ...wanted }) {
    const before = await requireWebhook(ctx, id, true);
    requireMatch(ctx, webhookTag(toWebhook(before)));
    if (wanted.url !== undefined) ctx.security.outbound.check(wanted.url);
    if (wanted.events !== undefined) requireKnown(ctx.settings.publicEvents, wanted.events);
    const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
    if (given.length === 0) return toWebhook(before);
    const fresh = wanted.enabled === true ? { disabledReason: null, failingSince: null } : {};
    const [after] = await ctx.tx
      .update(webhooks)
      .set({ ...Object.fromEntries(given), ...fresh })
      .where(isWebhook(ctx, id))
      .returning();
    if (!after) throw WebhookErrors.NotFound();
    await record(ctx, webhookChanged, { webhookId: id, ...Object.fromEntries(given) });
    return toWebhook(after);
  },
});
