import { type attachmentEvents, attachmentJobs } from '@insightdesk/shared/domain/attachments';
import {
  type conversationEvents,
  conversationJobs,
} from '@insightdesk/shared/domain/conversations';
import {
  type notificationEvents,
  notificationJobs,
} from '@insightdesk/shared/domain/notifications';
import type { tenantEvents } from '@insightdesk/shared/domain/tenants';
import { userEvents } from '@insightdesk/shared/domain/users';
import { type webhookEvents, webhookJobs } from '@insightdesk/shared/domain/webhooks';
import type { EventsOf, Reactions } from '@insightdesk/shared/events';
import { type JobRequest, jobFor } from '@insightdesk/shared/jobs';
import { type Place, toConversation, toStaff, toUser, toViewersOf } from './audience.ts';

/** Every event that can be recorded. */
export type SystemEvent =
  | EventsOf<typeof tenantEvents>
  | EventsOf<typeof userEvents>
  | EventsOf<typeof attachmentEvents>
  | EventsOf<typeof conversationEvents>
  | EventsOf<typeof notificationEvents>
  | EventsOf<typeof webhookEvents>;

/** What happens next: from every event to the channels that hear of it and the jobs it causes. */
export const reactions: Reactions<SystemEvent, JobRequest> = {
  'organization.created': () => ({}),

  'organization.disabled': (event) => ({ publish: toStaff(event) }),

  'organization.enabled': (event) => ({ publish: toStaff(event) }),

  'invitation.created': (event) => ({
    enqueue: [jobFor(event, notificationJobs.emailInvitation, event.payload)],
  }),

  'member.joined': (event) => ({
    forget: userEvents.memberJoined.forgets,
    publish: toStaff(event),
  }),

  'member.updated': (event) => ({
    forget: userEvents.memberUpdated.forgets,
    publish: [...toStaff(event), ...toUser(event)],
  }),

  'member.removed': (event) => ({
    forget: userEvents.memberRemoved.forgets,
    publish: [...toStaff(event), ...toUser(event)],
  }),

  'session.revoked': (event) => ({ publish: toUser(event) }),

  'attachment.uploaded': (event) => ({
    enqueue: [jobFor(event, attachmentJobs.processAttachment, event.payload)],
  }),

  'attachment.ready': (event) => ({ publish: toViewersOf(event) }),

  'attachment.rejected': (event) => ({ publish: toViewersOf(event) }),

  'conversation.created': (event) => {
    const { conversation, replyCount } = event.payload;
    return {
      publish: toConversation(event, conversation, {
        staff: conversation,
        customer: { ...conversation, messageCount: replyCount },
      }),
    };
  },

  'conversation.updated': (event) => {
    const { conversation, replyCount } = event.payload;
    const wakeAt = conversation.status === 'snoozed' ? conversation.snoozedUntil : null;
    return {
      publish: toConversation(event, conversation, {
        staff: conversation,
        customer: { ...conversation, messageCount: replyCount },
      }),
      enqueue: wakeAt
        ? [
            jobFor(
              event,
              conversationJobs.wakeConversation,
              { conversationId: conversation.id },
              { delayMs: Date.parse(wakeAt) - Date.now() },
            ),
          ]
        : [],
    };
  },

  'message.created': (event) => {
    const { message, customerId, assigneeId } = event.payload;
    const { id: messageId, conversationId, authorId } = message;
    const place: Place = { id: conversationId, customerId };
    if (message.kind === 'note') {
      return { publish: toConversation(event, place, { staff: message }) };
    }
    const notice = { messageId, conversationId, authorId, customerId, assigneeId };
    return {
      publish: toConversation(event, place, { staff: message, customer: message }),
      enqueue: [jobFor(event, notificationJobs.notifyOfMessage, notice)],
    };
  },

  'email/send.requested': (event) => ({
    enqueue: [jobFor(event, notificationJobs.emailOnRequest, event.payload)],
  }),

  'webhook.disabled': (event) => ({
    publish: toStaff(event),
    enqueue: [jobFor(event, webhookJobs.emailDisabled, event.payload)],
  }),

  'webhook.replay-requested': (event) => ({
    enqueue: [jobFor(event, webhookJobs.replayEvents, event.payload)],
  }),

  'webhook.delivery-replay-requested': (event) => ({
    enqueue: [jobFor(event, webhookJobs.deliverLane, event.payload)],
  }),
};
