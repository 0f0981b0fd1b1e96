import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { findSignInCode } from '@insightdesk/shared/domain/identity/customer-sign-in';
import type { z } from 'zod';
import type { emailSignInCode } from './jobs.ts';
import { safeDisplayName } from './safe-display-name.ts';
import { sendOnce } from './send-once.ts';

/** Sends a code once, unless it no longer works. Codes have limits of their own, see requestSignInCode. */
export async function sendSignInCode(
  ctx: Context & { tenantId: Id<'org'> },
  { codeId }: z.output<typeof emailSignInCode.payload>,
): Promise<void> {
  const found = await findSignInCode(ctx, codeId);
  if (!found) return;
  const { to, code, validityMinutes } = found;
  const organization = safeDisplayName(found.organizationName);
  await sendOnce(ctx, codeId, {
    to,
    title: 'Your sign-in code',
    paragraphs: [
      `Your code to sign in to ${organization} is ${code}.`,
      `It expires in ${validityMinutes} minutes and can be used once. Do not share it: no one of ${organization} asks for it.`,
      'If this was not you, ignore this e-mail. Nothing changes without the code.',
    ],
    footer: `Sent by ${ctx.settings.appName} on behalf of ${organization}, because someone entered this address.`,
  });
}
