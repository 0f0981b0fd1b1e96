import type { Context } from '@insightdesk/shared/context';
import { findLinkEmail, type LinkEmail } from '@insightdesk/shared/domain/identity/users';
import type { EmailContent } from '@insightdesk/shared/email';
import type { z } from 'zod';
import type { emailAccountLink } from './jobs.ts';
import { sendOnce } from './send-once.ts';

// These emails contain no names: anyone may have requested the email and chosen the name.
const ignore = 'If this was not you, ignore this e-mail. Nothing changes without the link.';

/** Sends an email with a link that proves that the recipient owns the address; `?token=…`. */
export async function sendAccountLink(
  ctx: Context,
  { linkId, isMuted }: z.output<typeof emailAccountLink.payload>,
): Promise<void> {
  const link = isMuted ? undefined : await findLinkEmail(ctx, linkId);
  if (!link) return;
  const { to, previousEmail } = link;
  const { appName, appUrl } = ctx.settings;
  await sendOnce(ctx, linkId, { to, ...linkContent(link, appName, appUrl) });
  if (!previousEmail) return;
  await sendOnce(ctx, `${linkId}.notice`, { to: previousEmail, ...changeNotice(appName) });
}

function linkContent({ purpose, token }: LinkEmail, app: string, appUrl: string): EmailContent {
  const footer = `Sent by ${app} because someone entered this address.`;
  if (token === undefined) return { ...unverified, footer };
  const page = purpose === 'reset' ? 'reset-password' : 'verify-email';
  const { label, ...content } = contentsByPurpose(app)[purpose];
  return { ...content, action: { label, url: `${appUrl}/${page}?token=${token}` }, footer };
}

const contentsByPurpose = (app: string) => ({
  verify: {
    title: 'Confirm your e-mail address',
    paragraphs: [
      `Someone registered at ${app} with this address. If this was you, confirm your address.`,
      'This link expires in 24 hours and can be used once. You also need the password that you chose.',
      ignore,
    ],
    label: 'Confirm address',
  },
  change: {
    title: 'Confirm your new e-mail address',
    paragraphs: [
      `Someone wants to use this address to sign in to ${app}. If this was you, confirm your address.`,
      'This link expires in 24 hours and can be used once. You also need the password of your account.',
      ignore,
    ],
    label: 'Confirm address',
  },
  reset: {
    title: 'Choose a new password',
    paragraphs: [
      'Someone requested a new password for the account with this address.',
      'This link expires in one hour and can be used once. Do not share it. Choosing a new password signs you out on all devices.',
      ignore,
    ],
    label: 'Choose a new password',
  },
});

const unverified = {
  title: 'No password to reset',
  paragraphs: [
    'Someone requested a new password for the account with this address. No account has confirmed this address, so there is no password to reset.',
    'If you registered with this address, open the link in the e-mail that you got then, or register again.',
  ],
};

const changeNotice = (app: string): EmailContent => ({
  title: 'Your e-mail address is about to change',
  paragraphs: [
    'Someone who knows your password requested another e-mail address for your account. The address changes as soon as the new one is confirmed.',
    'If this was not you, choose a new password now. This also cancels the change.',
  ],
  footer: `Sent by ${app} because this is the address of your account.`,
});
