import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';
import { olderSessions } from '../sessions/events.ts';

/** `isMuted`: the address has received too many emails, so the link is not emailed. */
export const emailLinkRequested = defineEvent(
  'account.link-requested',
  z.object({ linkId: idSchema('lnk'), isMuted: z.boolean() }),
);

/** Older sessions end; `notifyEmail` is the account's address if it is verified. */
export const accountPasswordChanged = defineEvent(
  'account.password-changed',
  z.object({ ...olderSessions.shape, notifyEmail: z.string().nullable() }),
);

/** An address was verified; `previousEmail` is the verified address that it replaced. */
export const accountEmailChanged = defineEvent(
  'account.email-changed',
  z.object({ userId: idSchema('usr'), email: z.string(), previousEmail: z.string().nullable() }),
);

/** A user deleted the account; each organization also gets `member.removed`. */
export const accountDeleted = defineEvent('account.deleted', z.object({ userId: idSchema('usr') }));

/** An operator deleted all second factors of a user; `notifyEmail` as above. */
export const twoFactorReset = defineEvent(
  'account.two-factor-reset',
  z.object({ userId: idSchema('usr'), notifyEmail: z.string().nullable() }),
);

/** Recorded at most once a minute per member. */
export const signInFailed = defineEvent('sign-in.failed', z.object({ userId: idSchema('usr') }));
