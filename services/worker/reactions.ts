import { attachmentJobs } from '@insightdesk/shared/domain/attachments';
import { events, type SystemEvent } from '@insightdesk/shared/domain/catalog';
import { conversationJobs } from '@insightdesk/shared/domain/conversations';
import { notificationJobs } from '@insightdesk/shared/domain/notifications';
import { webhookJobs } from '@insightdesk/shared/domain/webhooks';
import { consequencesBy, type Reactions } from '@insightdesk/shared/events';
import { type JobRequest, jobFor } from '@insightdesk/shared/jobs';

const nothing = (): JobRequest[] => [];

/**
 * What happens next: the jobs that every event causes. Who hears of it stands in its definition,
 * in `shared/domain/<feature>/events.ts`.
 */
export const reactions: Reactions<SystemEvent, JobRequest> = {
  'organization.created': nothing,

  'organization.disabled': nothing,

  'organization.enabled': nothing,
  'organization.updated': nothing,

  'invitation.created': (event) => [jobFor(event, notificationJobs.emailInvitation, event.payload)],

  'member.joined': nothing,

  'member.updated': nothing,

  'member.removed': nothing,

  'session.revoked': nothing,

  'attachment.uploaded': (event) => [
    jobFor(event, attachmentJobs.processAttachment, event.payload),
  ],

  'attachment.ready': nothing,

  'attachment.rejected': nothing,

  'conversation.created': nothing,

  'conversation.updated': (event) => {
    const { id: conversationId, status, snoozedUntil } = event.payload.conversation;
    if (status !== 'snoozed' || !snoozedUntil) return [];
    const delayMs = Date.parse(snoozedUntil) - Date.now();
    return [jobFor(event, conversationJobs.wakeConversation, { conversationId }, { delayMs })];
  },

  'message.created': (event) => {
    const { message, customerId, assigneeId } = event.payload;
    const { id: messageId, conversationId, authorId } = message;
    if (message.kind === 'note') return [];
    const notice = { messageId, conversationId, authorId, customerId, assigneeId };
    return [jobFor(event, notificationJobs.notifyOfMessage, notice)];
  },

  'email/send.requested': (event) => [
    jobFor(event, notificationJobs.emailOnRequest, event.payload),
  ],

  'webhook.disabled': (event) => [jobFor(event, webhookJobs.emailDisabled, event.payload)],

  'webhook.replay-requested': (event) => [jobFor(event, webhookJobs.replayEvents, event.payload)],

  'webhook.delivery-replay-requested': (event) => [
    jobFor(event, webhookJobs.deliverLane, event.payload),
  ],
};

/** What follows from an event: who is told, by its definition, and the jobs above. */
export const consequencesOf = consequencesBy(events, reactions);
