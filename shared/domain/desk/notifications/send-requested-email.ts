import { type Context, withTenant } from '@insightdesk/shared/context';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { renderEmail } from '@insightdesk/shared/email';
import type { JobRun } from '@insightdesk/shared/jobs';
import { eq } from 'drizzle-orm';
import type { z } from 'zod';
import type { emailRequested } from './events.ts';
import { findRecipient } from './recipient.ts';
import { safeDisplayName } from './safe-display-name.ts';
import { sendOnce } from './send-once.ts';

/** Sends a requested email, unless the recipient is no longer a member. */
export async function sendRequestedEmail(
  ctx: Context,
  { to, subject, body }: z.output<typeof emailRequested.payload>,
  run: JobRun,
): Promise<void> {
  const target = await withTenant(ctx, async (tenant) => {
    const recipient = await findRecipient(tenant, to);
    const isOwn = eq(organizations.id, tenant.tenantId);
    const [organization] = await tenant.tx.select().from(organizations).where(isOwn);
    return recipient && organization && { to: recipient.email, name: organization.name };
  });
  if (!target) return;
  const rendered = renderEmail({
    title: subject,
    paragraphs: body.split(/\n\s*\n/),
    footer: `Sent by ${ctx.settings.appName} on behalf of ${safeDisplayName(target.name)}.`,
  });
  await sendOnce(ctx, run.id, { to: target.to, subject, ...rendered });
}
