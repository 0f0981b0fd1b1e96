import { idSchema, roles } from '@insightdesk/shared/contract';
import { defineJob } from '@insightdesk/shared/jobs';
import { z } from 'zod';
import { emailRequested } from './events.ts';

const notice = z.object({
  messageId: idSchema('msg'),
  conversationId: idSchema('cnv'),
  authorId: idSchema('usr'),
  customerId: idSchema('usr'),
  assigneeId: idSchema('usr').nullable(),
});

/** Finds out who must hear of a message by e-mail. */
export const notifyOfMessage = defineJob({
  name: 'notifications.message',
  triggeredBy: ['message.created'],
  queue: 'email-sending',
  payload: notice,
});

/** The same for several messages at once, each as the job that it would have had. */
export const notifyOfMessages = defineJob({
  name: 'notifications.messages',
  triggeredBy: ['relay'],
  queue: 'email-sending',
  payload: z.object({
    notices: z.array(z.object({ id: z.string(), requestId: z.string(), notice })),
  }),
});

/** Hands one message to one person's mail server. */
export const emailMessage = defineJob({
  name: 'notifications.email-message',
  triggeredBy: ['job'],
  queue: 'email-sending',
  attempts: 8,
  payload: z.object({
    messageId: idSchema('msg'),
    recipientId: idSchema('usr'),
    /** Nobody else is told, because the conversation was given to the recipient. */
    alone: z.boolean().optional(),
  }),
});

/** Hands an invitation to a mail server. */
export const emailInvitation = defineJob({
  name: 'notifications.email-invitation',
  triggeredBy: ['invitation.created'],
  queue: 'email-sending',
  attempts: 8,
  payload: z.object({
    invitationId: idSchema('inv'),
    email: z.string(),
    role: z.enum(roles),
    organizationName: z.string(),
    inviterName: z.string(),
    sends: z.int().optional(),
  }),
});

/** Hands a link of somebody's account to a mail server. */
export const emailAccountLink = defineJob({
  name: 'notifications.email-account-link',
  triggeredBy: ['account.link-requested'],
  queue: 'email-sending',
  attempts: 8,
  payload: z.object({ linkId: idSchema('lnk'), isMuted: z.boolean() }),
});

/** Tells the owner of an address what has changed about its account. */
export const emailAccountNotice = defineJob({
  name: 'notifications.email-account-notice',
  triggeredBy: ['account.password-changed', 'account.email-changed'],
  queue: 'email-sending',
  attempts: 8,
  payload: z.object({ to: z.string(), change: z.enum(['password', 'email']) }),
});

/** Hands a mail server what one of the organisation's own systems asked for. */
export const emailOnRequest = defineJob({
  name: 'notifications.email-on-request',
  triggeredBy: ['email/send.requested'],
  queue: 'email-sending',
  attempts: 8,
  payload: emailRequested.payload,
});
