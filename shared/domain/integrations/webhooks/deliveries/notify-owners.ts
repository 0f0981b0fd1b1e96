import { type Context, withTenant } from '@insightdesk/shared/context';
import { sendWithinQuota } from '@insightdesk/shared/domain/desk/notifications';
import { listOwners } from '@insightdesk/shared/domain/identity/users';
import type { JobRun } from '@insightdesk/shared/jobs';
import type { z } from 'zod';
import { requireWebhook } from '../get-webhook.ts';
import type { notifyOwnersJob } from '../jobs.ts';

const reasons = {
  gone: 'Its address answered with 410 Gone.',
  failing: 'All deliveries to its address have failed for three days.',
};

/** Sends every owner one e-mail that a webhook was disabled. */
export async function notifyOwners(
  ctx: Context,
  { webhookId, reason }: z.output<typeof notifyOwnersJob.payload>,
  run: JobRun,
): Promise<void> {
  const { url, owners } = await withTenant(ctx, async (tenant) => ({
    url: (await requireWebhook(tenant, webhookId)).url,
    owners: await listOwners(tenant),
  }));
  const content = {
    title: 'A webhook was disabled',
    paragraphs: [
      `${ctx.settings.appName} no longer delivers events to ${url}`,
      reasons[reason],
      'Fix the receiver, enable the webhook again, and replay the events since then.',
    ],
    footer: 'You receive this e-mail because you are an owner of the organization.',
  };
  for (const { id, email: to, emailVerifiedAt } of owners) {
    if (!emailVerifiedAt && ctx.settings.requiresVerifiedEmail) continue;
    await sendWithinQuota(ctx, run, `${run.id}.${id}`, { to, ...content });
  }
}
