import type { Id } from '@insightdesk/shared/contract';
import { events, type SystemEvent, type SystemJob } from '@insightdesk/shared/domain/catalog';
import { attachmentJobs } from '@insightdesk/shared/domain/desk/attachments';
import { contactMergeJobs } from '@insightdesk/shared/domain/desk/contact-merge';
import { conversationJobs } from '@insightdesk/shared/domain/desk/conversations';
import { isVideoOrAudio, mediaJobs } from '@insightdesk/shared/domain/desk/media';
import { notificationJobs } from '@insightdesk/shared/domain/desk/notifications';
import { apiKeyJobs } from '@insightdesk/shared/domain/identity/api-keys';
import { userJobs } from '@insightdesk/shared/domain/identity/users';
import { webhookJobs } from '@insightdesk/shared/domain/integrations/webhooks';
import { tenantExportJobs } from '@insightdesk/shared/domain/tenancy/tenant-export';
import { effectsBy, type Reactions, type RecordedEvent } from '@insightdesk/shared/events';
import { type JobRequest, jobFor } from '@insightdesk/shared/jobs';

/** The conversations of a former staff member become unassigned. */
const unassign = (
  event: Pick<RecordedEvent, 'id' | 'tenantId' | 'requestId'> & { payload: { userId: Id<'usr'> } },
): JobRequest[] => {
  const { userId } = event.payload;
  return [jobFor(event, conversationJobs.unassignConversations, { userId })];
};

/** Video and audio are converted, other types are not. */
const convert = (
  event: Pick<RecordedEvent, 'id' | 'tenantId' | 'requestId'>,
  attachmentId: Id<'att'>,
  contentType: string,
): JobRequest[] =>
  isVideoOrAudio(contentType) ? [jobFor(event, mediaJobs.processMedia, { attachmentId })] : [];

/**
 * The jobs that events trigger. An event that is not listed triggers none; an event that a job names
 * in `triggeredBy` must be listed. Who receives an event is part of its definition, in
 * `shared/domain/<feature>/events.ts`.
 */
export const reactions: Reactions<SystemEvent, SystemJob, JobRequest> = {
  'organization.export-requested': (event) => [
    jobFor(event, tenantExportJobs.writeArchiveJob, event.payload),
  ],

  'organization.exported': ({ payload, ...event }) => {
    const delayMs = Date.parse(payload.expiresAt) - Date.now();
    const { exportId } = payload;
    return [jobFor(event, tenantExportJobs.deleteArchiveJob, { exportId }, { delayMs })];
  },

  'invitation.created': (event) => [jobFor(event, notificationJobs.emailInvitation, event.payload)],

  'account.link-requested': (event) => [
    jobFor(event, notificationJobs.emailAccountLink, event.payload),
  ],

  'sign-in-code.requested': (event) => [
    jobFor(event, notificationJobs.emailSignInCode, event.payload),
  ],

  'account.password-changed': (event) => {
    const { notifyEmail, ...older } = event.payload;
    const notice = { to: notifyEmail ?? '', change: 'password' } as const;
    const emails = notifyEmail ? [jobFor(event, notificationJobs.emailAccountNotice, notice)] : [];
    return [jobFor(event, userJobs.revokeOlderSessionsJob, older), ...emails];
  },

  'account.email-changed': (event) => {
    const { previousEmail } = event.payload;
    if (!previousEmail) return [];
    const notice = { to: previousEmail, change: 'email' } as const;
    return [jobFor(event, notificationJobs.emailAccountNotice, notice)];
  },

  'account.two-factor-reset': (event) => {
    const { notifyEmail } = event.payload;
    if (!notifyEmail) return [];
    const notice = { to: notifyEmail, change: 'two-factor' } as const;
    return [jobFor(event, notificationJobs.emailAccountNotice, notice)];
  },

  // Whether a custom role still reads conversations is for the job to find out.
  'member.updated': (event) => {
    const { role, roleId } = event.payload;
    return role === 'customer' || roleId ? unassign(event) : [];
  },

  'member.joined': (event) => {
    const { userId, role } = event.payload;
    return role === 'customer'
      ? [jobFor(event, contactMergeJobs.mergeSameAddress, { userId })]
      : [];
  },

  'member.removed': unassign,

  'contact.merged': (event) => {
    const { sourceId, targetId } = event.payload;
    return [jobFor(event, contactMergeJobs.moveConversations, { sourceId, targetId })];
  },

  'api-key.rotated': (event) => {
    const { overlapUntil, ...key } = event.payload;
    const delayMs = Math.max(0, Date.parse(overlapUntil) - Date.now());
    return [jobFor(event, apiKeyJobs.endOverlapJob, key, { delayMs })];
  },

  'attachment.uploaded': (event) => [
    jobFor(event, attachmentJobs.processAttachment, event.payload),
    ...convert(event, event.payload.attachmentId, event.payload.contentType),
  ],

  'attachment.deleted': (event) => [jobFor(event, attachmentJobs.deleteFiles, event.payload)],

  'attachment.ready': (event) => {
    const { id, contentType } = event.payload.attachment;
    return convert(event, id, contentType);
  },

  'attachment.rejected': ({ payload, ...event }) => [
    jobFor(event, attachmentJobs.deleteFiles, { attachmentId: payload.attachment.id }),
  ],

  'recording.requested': (event) => [jobFor(event, mediaJobs.processMedia, event.payload)],

  'conversation.updated': (event) => {
    const { id: conversationId, status, snoozedUntil } = event.payload.conversation;
    if (status !== 'snoozed' || !snoozedUntil) return [];
    const delayMs = Date.parse(snoozedUntil) - Date.now();
    return [jobFor(event, conversationJobs.unsnoozeConversation, { conversationId }, { delayMs })];
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

  'webhook.disabled': (event) => [jobFor(event, webhookJobs.notifyOwnersJob, event.payload)],

  'webhook.replay-requested': (event) => [
    jobFor(event, webhookJobs.replayEventsJob, event.payload),
  ],

  'webhook.delivery-replay-requested': (event) => [
    jobFor(event, webhookJobs.deliverInOrderJob, event.payload),
  ],
};

/** The effects of an event: its audience, by its definition, and the jobs above. */
export const effectsOf = effectsBy(events, reactions);
