import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { isId } from '@insightdesk/shared/contract';
import { organizations } from '@insightdesk/shared/domain/tenants';
import { findMember, findMemberByEmail } from '@insightdesk/shared/domain/users';
import { renderEmail } from '@insightdesk/shared/email';
import { DomainValidationError } from '@insightdesk/shared/errors';
import type { JobRun } from '@insightdesk/shared/jobs';
import { eq } from 'drizzle-orm';
import type { z } from 'zod';
import { deliver } from './deliver.ts';
import type { emailRequested } from './events.ts';

type Request = z.output<typeof emailRequested.payload>;

/** Throws unless the e-mail would go to a member: this is no open relay. */
export async function requireRecipient(ctx: TenantContext, { to }: Request): Promise<void> {
  if (await findRecipient(ctx, to)) return;
  throw new DomainValidationError('The recipient must be a member of the organisation', {
    errors: [{ path: 'payload.to', message: 'Not an active member' }],
  });
}

/** Sends what was asked for, once, unless the recipient has left meanwhile. */
export async function sendRequestedEmail(
  ctx: Context,
  { to, subject, body }: Request,
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
    footer: `Sent by InsightDesk on behalf of ${found.name}.`,
  });
  await deliver(ctx, run.id.replace('/', '.'), { to: found.to, subject, ...letter });
}

const findRecipient = (ctx: TenantContext, to: Request['to']) =>
  isId('usr', to) ? findMember(ctx, to) : findMemberByEmail(ctx, to);
