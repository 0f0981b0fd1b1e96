import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { findContactByAddress } from '@insightdesk/shared/domain/desk/contacts';
import { findSignInCode } from '@insightdesk/shared/domain/identity/customer-sign-in';
import type { z } from 'zod';
import type { emailSignInCode } from './jobs.ts';
import { safeDisplayName } from './safe-display-name.ts';
import { sendOnce } from './send-once.ts';
import { renderTemplated } from './templates/find-template.ts';

/** Sends a code once, unless it no longer works. Codes have limits of their own, see requestSignInCode. */
export async function sendSignInCode(
  ctx: Context & { tenantId: Id<'org'> },
  { codeId }: z.output<typeof emailSignInCode.payload>,
): Promise<void> {
  const found = await findSignInCode(ctx, codeId);
  if (!found) return;
  const { to, code, validityMinutes } = found;
  const organization = safeDisplayName(found.organizationName);
  const values = {
    'organization.name': organization,
    'product.name': ctx.settings.appName,
    code,
    'code.minutes': String(validityMinutes),
  };
  const rendered = await withTenant(ctx, async (tenant) => {
    const contact = await findContactByAddress(tenant, to);
    const locale = contact?.language ?? 'en';
    return renderTemplated(tenant, { name: 'sign-in-code', locale }, { values });
  });
  await sendOnce(ctx, codeId, {
    to,
    ...rendered,
    footer: `Sent by ${ctx.settings.appName} on behalf of ${organization}, because someone entered this address.`,
  });
}
