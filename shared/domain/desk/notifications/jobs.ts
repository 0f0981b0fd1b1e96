import { idSchema, roles } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';
import { emailRequested } from './events.ts';

const email = { queue: 'email-sending', attempts: 8 } as const;

const notice = z.object({
  messageId: idSchema('msg'),
  conversationId: idSchema('cnv'),
  authorId: idSchema('usr'),
  customerId: idSchema('usr'),
  assigneeId: idSchema('usr').nullable(),
});

/** Decides who gets an email about a message. */
export const notifyOfMessage = defineJob({
  name: 'notifications.message',
  triggeredBy: ['message.created'],
  queue: 'email-sending',
  payload: notice,
});

/** The same for a batch of messages, each with the id of the job that it replaces. */
export const notifyOfMessages = defineJob({
  name: 'notifications.messages',
  triggeredBy: ['relay'],
  queue: 'email-sending',
  payload: z.object({
    notices: z.array(z.object({ id: z.string(), requestId: z.string(), notice })),
  }),
});

/** Sends the emails of a user that are due; enqueued once per user and time. */
export const emailPending = defineJob({
  name: 'notifications.email-pending',
  triggeredBy: ['job'],
  ...email,
  // Longer than the mail server may take for one email.
  timeoutMs: 120_000,
  limit: { key: ({ userId }) => userId, concurrent: 1 },
  payload: z.object({
    userId: idSchema('usr'),
    /** When they are due; the clock of the database may be behind that of the worker. */
    dueAt: z.iso.datetime().optional(),
  }),
});

/** Enqueues overdue emails again, because their jobs were lost. */
export const enqueueOverdueJob = defineJob({
  name: 'notifications.enqueue-overdue',
  triggeredBy: ['schedule'],
  queue: 'maintenance',
  payload: z.object({}),
});

/** Enqueued by earlier releases for each message and recipient. */
export const emailMessage = defineJob({
  name: 'notifications.email-message',
  triggeredBy: ['job'],
  ...email,
  payload: z.object({
    messageId: idSchema('msg'),
    recipientId: idSchema('usr'),
    /** Only the recipient is notified, because the conversation is assigned to it. */
    isOnlyRecipient: z.boolean().optional(),
  }),
});

export const emailInvitation = defineJob({
  name: 'notifications.email-invitation',
  triggeredBy: ['invitation.created'],
  ...email,
  payload: z.object({
    invitationId: idSchema('inv'),
    email: z.string(),
    role: z.enum(roles),
    organizationName: z.string(),
    inviterName: z.string(),
    sendCount: z.int().optional(),
  }),
});

export const emailAccountLink = defineJob({
  name: 'notifications.email-account-link',
  triggeredBy: ['account.link-requested'],
  ...email,
  payload: z.object({ linkId: idSchema('lnk'), isMuted: z.boolean() }),
});

export const emailSignInCode = defineJob({
  name: 'notifications.email-sign-in-code',
  triggeredBy: ['sign-in-code.requested'],
  ...email,
  payload: z.object({ codeId: idSchema('sic') }),
});

/** Notifies the owner of an address about a change of the account. */
export const emailAccountNotice = defineJob({
  name: 'notifications.email-account-notice',
  triggeredBy: ['account.password-changed', 'account.email-changed', 'account.two-factor-reset'],
  ...email,
  payload: z.object({ to: z.string(), change: z.enum(['password', 'email', 'two-factor']) }),
});

/** Sends an email that a system of the organization requested. */
export const emailOnRequest = defineJob({
  name: 'notifications.email-on-request',
  triggeredBy: ['email/send.requested'],
  ...email,
  payload: emailRequested.payload,
});
