import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { addHours } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { WebhookErrors } from '../errors.ts';
import { webhookSecretRotated } from '../events.ts';
import { isWebhook } from '../get-webhook.ts';
import { webhooks } from '../tables.ts';
import { secretView } from '../view.ts';
import { newKeys } from './signature.ts';
import { sealKeys } from './stored-keys.ts';

const OVERLAP_HOURS = 24;

/** Gives a webhook a new secret; the old one also signs for 24 hours. */
export const rotateSecret = defineAction({
  summary: 'Rotate the secret of a webhook; both sign for 24 hours',
  input: z.strictObject({ id: idSchema('whk') }),
  output: secretView,
  allow: 'webhooks:manage',
  transaction: 'write',
  async run(ctx, { id }) {
    const keys = newKeys();
    const [updated] = await ctx.tx
      .update(webhooks)
      .set({
        secret: sealKeys(ctx, keys),
        previousSecret: sql`${webhooks.secret}`,
        previousSecretUntil: addHours(new Date(), OVERLAP_HOURS),
      })
      .where(isWebhook(ctx, id))
      .returning({ id: webhooks.id });
    if (!updated) throw WebhookErrors.NotFound();
    await record(ctx, webhookSecretRotated, { webhookId: id });
    return { secret: keys.secret, publicKey: keys.publicKey };
  },
});
