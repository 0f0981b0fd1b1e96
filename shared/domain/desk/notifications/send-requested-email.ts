import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { isId } from '@insightdesk/shared/contract';
import { findMember, findMemberByEmail } from '@insightdesk/shared/domain/identity/users';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { DomainValidationError } from '@insightdesk/shared/errors';
import type { JobRun } from '@insightdesk/shared/jobs';
import { eq } from 'drizzle-orm';
import type { z } from 'zod';
import { consumeEmailQuota } from './email-quota.ts';
import type { emailRequested } from './events.ts';
import { safeDisplayName } from './safe-display-name.ts';
import { sendOnce } from './send-once.ts';

/** Sends a requested email, unless the recipient is no longer a member; it was counted when accepted. */
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
  await sendOnce(ctx, run.id, {
    to: target.to,
    title: subject,
    paragraphs: body.split(/\n\s*\n/),
    footer: `Sent by ${ctx.settings.appName} on behalf of ${safeDisplayName(target.name)}.`,
  });
}

type Request = z.output<typeof emailRequested.payload>;

/** The active member with this id or address, if its address is verified where that is required. */
async function findRecipient(ctx: TenantContext, to: Request['to']) {
  const member = await (isId('usr', to) ? findMember(ctx, to) : findMemberByEmail(ctx, to));
  return member?.emailVerifiedAt || !ctx.settings.requiresVerifiedEmail ? member : undefined;
}

/**
 * Throws unless the recipient is a member, because the application is not an open relay, and while
 * quotas of emails are left; counts the email in these.
 */
export async function acceptRequestedEmail(ctx: TenantContext, { to }: Request): Promise<void> {
  const recipient = await findRecipient(ctx, to);
  if (recipient) return consumeEmailQuota(ctx, recipient.email);
  throw new DomainValidationError('The recipient is not a member of the organization', {
    errors: [{ path: 'payload.to', message: 'Not an active member with a verified address' }],
  });
}
