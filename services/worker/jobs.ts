import { type Context, systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { SystemJob } from '@insightdesk/shared/domain/catalog';
import {
  attachmentJobs,
  collectUnclaimed,
  deleteDiscarded,
  makeVariants,
  sweepFiles,
} from '@insightdesk/shared/domain/desk/attachments';
import {
  conversationJobs,
  unassignFormer,
  wakeSnoozed,
} from '@insightdesk/shared/domain/desk/conversations';
import { prepareRecording, recordingJobs } from '@insightdesk/shared/domain/desk/media';
import {
  notificationJobs,
  notifyRecipients,
  sendAccountLink,
  sendAccountNotice,
  sendInvitation,
  sendMessageEmail,
  sendRequestedEmail,
} from '@insightdesk/shared/domain/desk/notifications';
import { keyJobs, tellOverlapEnded } from '@insightdesk/shared/domain/identity/api-keys';
import {
  deleteExpired,
  endSessionsEverywhere,
  userJobs,
} from '@insightdesk/shared/domain/identity/users';
import {
  deliverLane,
  emailOwners,
  fanOut,
  replayEvents,
  webhookJobs,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { auditJobs, pruneAudit } from '@insightdesk/shared/domain/tenancy/audit';
import {
  collectUnverified,
  departureJobs,
  eraseDue,
  removeArchive,
  writeArchive,
} from '@insightdesk/shared/domain/tenancy/departures';
import {
  deleteOldAnswers,
  deleteOldEvents,
  deleteOldJobSteps,
  deleteOldUsage,
  maintenanceJobs,
} from '@insightdesk/shared/domain/tenancy/retention';
import type { JobHandlers, JobRun, JobsOf } from '@insightdesk/shared/jobs';

/** What is older than this is under way no more. */
const UNDER_WAY_MS = 2 * 60 * 60 * 1_000;

/** What is done later: one line per job, by feature. */
export function jobHandlers(root: Context): JobHandlers<SystemJob> {
  const at: At = (run) => systemContext(root, 'worker', run);
  return {
    ...forAttachments(at, root),
    ...forRecordings(at),
    ...forConversations(at),
    ...forNotifications(at),
    ...forWebhooks(at),
    ...forKeys(at),
    ...forDepartures(at, root),
    ...forMaintenance(root),
    ...forAudit(root),
    ...forUsers(at, root),
  };
}

/** The context of one run, in its job's organisation. */
type At = (run: JobRun) => Context & { tenantId: Id<'org'> };

const forAttachments = (at: At, root: Context): JobHandlers<JobsOf<typeof attachmentJobs>> => ({
  'attachments.process': {
    job: attachmentJobs.processAttachment,
    run: (payload, run) => makeVariants(at(run), payload, run),
  },
  'attachments.collect-unclaimed': {
    job: attachmentJobs.collectUnclaimed,
    run: (payload, run) => collectUnclaimed(root, payload, run),
  },
  'attachments.delete-discarded': {
    job: attachmentJobs.deleteDiscarded,
    run: (payload, run) => deleteDiscarded(at(run), payload),
  },
  'attachments.sweep-files': {
    job: attachmentJobs.sweepFiles,
    run: (_, { signal }) => sweepFiles(root, { isDry: false, minAgeMs: UNDER_WAY_MS, signal }),
  },
});

const forRecordings = (at: At): JobHandlers<JobsOf<typeof recordingJobs>> => ({
  'recordings.prepare': {
    job: recordingJobs.prepareRecordingJob,
    run: (payload, run) => prepareRecording(at(run), payload, run),
  },
});

const forConversations = (at: At): JobHandlers<JobsOf<typeof conversationJobs>> => ({
  'conversations.wake': {
    job: conversationJobs.wakeConversation,
    run: (payload, run) => wakeSnoozed(at(run), payload),
  },
  'conversations.unassign': {
    job: conversationJobs.unassignConversations,
    run: (payload, run) => unassignFormer(at(run), payload, run),
  },
});

const forNotifications = (at: At): JobHandlers<JobsOf<typeof notificationJobs>> => ({
  'notifications.message': {
    job: notificationJobs.notifyOfMessage,
    run: (payload, run) => notifyRecipients(at(run), payload, run),
  },
  'notifications.messages': {
    job: notificationJobs.notifyOfMessages,
    run: (payload, run) => notifyRecipients(at(run), payload, run),
  },
  'notifications.email-message': {
    job: notificationJobs.emailMessage,
    run: (payload, run) => sendMessageEmail(at(run), payload, run),
  },
  'notifications.email-invitation': {
    job: notificationJobs.emailInvitation,
    run: (payload, run) => sendInvitation(at(run), payload),
  },
  'notifications.email-account-link': {
    job: notificationJobs.emailAccountLink,
    run: (payload, run) => sendAccountLink(at(run), payload),
  },
  'notifications.email-account-notice': {
    job: notificationJobs.emailAccountNotice,
    run: (payload, run) => sendAccountNotice(at(run), payload, run),
  },
  'notifications.email-on-request': {
    job: notificationJobs.emailOnRequest,
    run: (payload, run) => sendRequestedEmail(at(run), payload, run),
  },
});

const forWebhooks = (at: At): JobHandlers<JobsOf<typeof webhookJobs>> => ({
  'webhooks.fan-out': {
    job: webhookJobs.fanOutEvents,
    run: (payload, run) => fanOut(at(run), payload, run),
  },
  'webhooks.deliver': {
    job: webhookJobs.deliverLane,
    run: (payload, run) => deliverLane(at(run), payload, run),
  },
  'webhooks.replay': {
    job: webhookJobs.replayEvents,
    run: (payload, run) => replayEvents(at(run), payload, run),
  },
  'webhooks.email-disabled': {
    job: webhookJobs.emailDisabled,
    run: (payload, run) => emailOwners(at(run), payload, run),
  },
});

const forKeys = (at: At): JobHandlers<JobsOf<typeof keyJobs>> => ({
  'api-keys.end-overlap': {
    job: keyJobs.endOverlap,
    run: (payload, run) => tellOverlapEnded(at(run), payload),
  },
});

const forDepartures = (at: At, root: Context): JobHandlers<JobsOf<typeof departureJobs>> => ({
  'departures.write-archive': {
    job: departureJobs.writeArchiveJob,
    run: (payload, run) => writeArchive(at(run), payload, run),
  },
  'departures.remove-archive': {
    job: departureJobs.removeArchiveJob,
    run: (payload, run) => removeArchive(at(run), payload),
  },
  'departures.collect-unverified': {
    job: departureJobs.collectUnverifiedJob,
    run: (payload, run) => collectUnverified(root, payload, run),
  },
  'departures.erase-due': {
    job: departureJobs.eraseDueJob,
    run: (_, run) => eraseDue(root, run),
  },
});

const forMaintenance = (root: Context): JobHandlers<JobsOf<typeof maintenanceJobs>> => ({
  'tenants.purge-events': {
    job: maintenanceJobs.purgeEvents,
    run: (payload, run) => deleteOldEvents(root, payload, run),
  },
  'tenants.purge-job-steps': {
    job: maintenanceJobs.purgeJobSteps,
    run: (payload, run) => deleteOldJobSteps(root, payload, run),
  },
  'maintenance.purge-answers': {
    job: maintenanceJobs.purgeAnswers,
    run: (payload, run) => deleteOldAnswers(root, payload, run),
  },
  'tenants.purge-usage': {
    job: maintenanceJobs.purgeUsage,
    run: (payload, run) => deleteOldUsage(root, payload, run),
  },
});

const forAudit = (root: Context): JobHandlers<JobsOf<typeof auditJobs>> => ({
  'audit.prune': { job: auditJobs.pruneAuditJob, run: (_, run) => pruneAudit(root, run) },
});

const forUsers = (at: At, root: Context): JobHandlers<JobsOf<typeof userJobs>> => ({
  'users.end-sessions': {
    job: userJobs.endSessionsLater,
    run: (payload, run) => endSessionsEverywhere(at(run), payload),
  },
  'users.purge-expired': {
    job: userJobs.purgeExpired,
    run: (payload, run) => deleteExpired(root, payload, run),
  },
});
