import { type Context, withTenant } from '@insightdesk/shared/context';
import { sendOnce } from '@insightdesk/shared/domain/desk/notifications';
import { listOwners } from '@insightdesk/shared/domain/identity/users';
import { renderEmail } from '@insightdesk/shared/email';
import type { JobRun } from '@insightdesk/shared/jobs';
import type { z } from 'zod';
import type { emailDisabled } from './jobs.ts';
import { requireWebhook } from './require-webhook.ts';

const reasons = {
  gone: 'Its address answered that it is gone for good (410).',
  failing: 'Nothing but failures came from its address for three days.',
};

/** Tells every owner by e-mail, once, that a webhook was switched off. */
export async function emailOwners(
  ctx: Context,
  { webhookId, reason }: z.output<typeof emailDisabled.payload>,
  run: JobRun,
): Promise<void> {
  const { url, owners } = await withTenant(ctx, async (tenant) => ({
    url: (await requireWebhook(tenant, webhookId)).url,
    owners: await listOwners(tenant),
  }));
  const title = 'A webhook was switched off';
  const letter = renderEmail({
    title,
    paragraphs: [
      `${ctx.settings.appName} no longer delivers events to ${url}`,
      reasons[reason],
      'Mend the receiver, enable the webhook again, and replay the events since then.',
    ],
    footer: 'You get this because you own the organisation.',
  });
  for (const { id, email, emailVerifiedAt } of owners) {
    if (!emailVerifiedAt && ctx.settings.requiresVerifiedEmail) continue;
    await sendOnce(ctx, `${run.id}.${id}`, { to: email, subject: title, ...letter });
  }
}
