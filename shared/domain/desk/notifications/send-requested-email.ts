import { type Context, withTenant } from '@insightdesk/shared/context';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { renderEmail } from '@insightdesk/shared/email';
import type { JobRun } from '@insightdesk/shared/jobs';
import { eq } from 'drizzle-orm';
import type { z } from 'zod';
import { sendOnce } from './send-once.ts';
import type { emailRequested } from './events.ts';
import { safeDisplayName } from './safe-display-name.ts';
import { findRecipient } from './recipient.ts';

/** Sends what was asked for, once, unless the recipient has left meanwhile. */
export async function sendRequestedEmail(
  ctx: Context,
  { to, subject, body }: z.output<typeof emailRequested.payload>,
  run: JobRun,
): Promise<void> {
  const found = await withTenant(ctx, async (tenant) => {
    const recipient = await findRecipient(tenant, to);
    const isOwn = eq(organizations.id, tenant.tenantId);
    const [organization] = await tenant.tx.select().from(organizations).where(isOwn);
    return recipient && organization && { to: recipient.email, name: organization.name };
  });
  if (!found) return;
  const letter = renderEmail({
    title: subject,
    paragraphs: body.split(/\n\s*\n/),
    footer: `Sent by ${ctx.settings.appName} on behalf of ${safeDisplayName(found.name)}.`,
  });
  await sendOnce(ctx, run.id.replace('/', '.'), { to: found.to, subject, ...letter });
}
