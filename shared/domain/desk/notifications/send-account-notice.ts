import type { Context } from '@insightdesk/shared/context';
import { renderEmail } from '@insightdesk/shared/email';
import type { JobRun } from '@insightdesk/shared/jobs';
import type { z } from 'zod';
import { sendOnce } from './send-once.ts';
import type { emailAccountNotice } from './jobs.ts';

const notices = {
  password: {
    title: 'Your password was changed',
    paragraphs: [
      'The password of your account was changed, and older sessions were signed out.',
      'If it was not you, ask for a new password on the page where you sign in.',
    ],
  },
  email: {
    title: 'Your e-mail address was changed',
    paragraphs: [
      'Your account has another e-mail address from now on; this one no longer signs in.',
      'If it was not you, turn to whoever runs your help desk.',
    ],
  },
};

/** Tells the owner of an address, once, what has changed about its account. */
export async function sendAccountNotice(
  ctx: Context,
  { to, change }: z.output<typeof emailAccountNotice.payload>,
  run: JobRun,
): Promise<void> {
  const content = {
    ...notices[change],
    footer: `Sent by ${ctx.settings.appName} because this is the address of your account.`,
  };
  const letter = { to, subject: content.title, ...renderEmail(content) };
  await sendOnce(ctx, run.id.replace('/', '.'), letter);
}
