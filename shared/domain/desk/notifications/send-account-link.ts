import type { Context } from '@insightdesk/shared/context';
import { findLinkToMail, type LinkToMail } from '@insightdesk/shared/domain/identity/users';
import { type EmailContent, renderEmail } from '@insightdesk/shared/email';
import type { z } from 'zod';
import { sendOnce } from './send-once.ts';
import type { emailAccountLink } from './jobs.ts';

// None of these says a person's name: whoever asked for the letter may have chosen it.
const ignore = 'If it was not you, do nothing: without you nothing happens.';

/** Mails a link, sealed now, that proves whose an address is; `?token=…`. */
export async function sendAccountLink(
  ctx: Context,
  { linkId, isMuted }: z.output<typeof emailAccountLink.payload>,
): Promise<void> {
  const link = isMuted ? undefined : await findLinkToMail(ctx, linkId);
  if (!link) return;
  const { to, formerly } = link;
  const { appName, appUrl } = ctx.settings;
  const content = contentOf(link, appName, appUrl);
  await sendOnce(ctx, linkId, { to, subject: content.title, ...renderEmail(content) });
  if (!formerly) return;
  const change = changeOf(appName);
  await sendOnce(ctx, `${linkId}.notice`, {
    to: formerly,
    subject: change.title,
    ...renderEmail(change),
  });
}

function contentOf({ purpose, token }: LinkToMail, app: string, appUrl: string): EmailContent {
  const footer = `Sent by ${app} because somebody gave this address.`;
  if (token === undefined) return { ...unverified, footer };
  const page = purpose === 'reset' ? 'reset-password' : 'verify-email';
  const { label, ...content } = lettersOf(app)[purpose];
  return { ...content, action: { label, url: `${appUrl}/${page}?token=${token}` }, footer };
}

const lettersOf = (app: string) => ({
  verify: {
    title: 'Confirm your e-mail address',
    paragraphs: [
      `Somebody registered at ${app} with this address. If it was you, confirm that it is yours.`,
      'The link below is good for a day, once, together with the password that was chosen.',
      ignore,
    ],
    label: 'Confirm the address',
  },
  change: {
    title: 'Confirm your new e-mail address',
    paragraphs: [
      `Somebody wants to sign in to ${app} with this address from now on. If it was you, confirm that it is yours.`,
      'The link below is good for a day, once, together with the password of the account.',
      ignore,
    ],
    label: 'Confirm the address',
  },
  reset: {
    title: 'Choose a new password',
    paragraphs: [
      'Somebody asked for a new password of the account with this address.',
      'The link below is for you alone. It is good for an hour, once, and signs you out everywhere.',
      ignore,
    ],
    label: 'Choose a new password',
  },
});

const unverified = {
  title: 'No password to reset',
  paragraphs: [
    'Somebody asked for a new password of the account with this address. Nobody has confirmed the address for an account, so there is none whose password can be changed by e-mail.',
    'If you registered with it, open the link in the mail of that day, or register again.',
  ],
};

const changeOf = (app: string): EmailContent => ({
  title: 'Another e-mail address was asked for',
  paragraphs: [
    'Somebody who knows your password asked that your account gets another e-mail address. It will once that address is confirmed.',
    'If it was not you, choose a new password at once: what was asked for becomes void with it.',
  ],
  footer: `Sent by ${app} because this is the address of your account.`,
});
