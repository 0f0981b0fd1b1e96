import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import type { z } from 'zod';
import type { emailAccountNotice } from './jobs.ts';
import { sendOnce } from './send-once.ts';

const notices = {
  password: {
    title: 'Your password was changed',
    paragraphs: [
      'The password of your account was changed, and other sessions were signed out.',
      'If this was not you, reset your password on the sign-in page.',
    ],
  },
  email: {
    title: 'Your e-mail address was changed',
    paragraphs: [
      'Your account has a new e-mail address. You can no longer sign in with this one.',
      'If this was not you, contact the administrator of your help desk.',
    ],
  },
  'two-factor': {
    title: 'Your second factor was reset',
    paragraphs: [
      'An operator removed the authenticator app, passkeys and recovery codes of your account, and signed out its sessions.',
      'If you did not ask for this, change your password and contact the administrator of your help desk.',
    ],
  },
};

/** Notifies the owner of an address about a change of the account. */
export async function sendAccountNotice(
  ctx: Context,
  { to, change }: z.output<typeof emailAccountNotice.payload>,
  run: JobRun,
): Promise<void> {
  const footer = `Sent by ${ctx.settings.appName} because this is the address of your account.`;
  await sendOnce(ctx, run.id, { to, ...notices[change], footer });
}
