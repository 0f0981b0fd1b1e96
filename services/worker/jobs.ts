import { type Context, systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import type { SystemJob } from '@insightdesk/shared/domain/catalog';
import {
  attachmentJobs,
  deleteQueuedFiles,
  expireUploads,
  processAttachment,
  reconcileFiles,
} from '@insightdesk/shared/domain/desk/attachments';
import {
  conversationJobs,
  unassignFormerStaff,
  unsnoozeConversation,
} from '@insightdesk/shared/domain/desk/conversations';
import { mediaJobs, processMedia } from '@insightdesk/shared/domain/desk/media';
import {
  notificationJobs,
  notifyRecipients,
  sendAccountLink,
  sendAccountNotice,
  sendInvitation,
  sendMessageEmail,
  sendRequestedEmail,
} from '@insightdesk/shared/domain/desk/notifications';
import { apiKeyJobs, endOverlap } from '@insightdesk/shared/domain/identity/api-keys';
import {
  deleteExpired,
  revokeOlderSessions,
  userJobs,
} from '@insightdesk/shared/domain/identity/users';
import {
  deliverInOrder,
  fanOut,
  notifyOwners,
  replayEvents,
  webhookJobs,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { auditJobs, pruneAudit } from '@insightdesk/shared/domain/tenancy/audit';
import {
  deleteOldEvents,
  deleteOldIdempotencyKeys,
  deleteOldJobSteps,
  deleteOldUsage,
  retentionJobs,
} from '@insightdesk/shared/domain/tenancy/retention';
import {
  deleteDueTenants,
  deleteUnverifiedAccounts,
  tenantDeletionJobs,
} from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import {
  deleteArchive,
  tenantExportJobs,
  writeArchive,
} from '@insightdesk/shared/domain/tenancy/tenant-export';
import type { JobHandlers, JobRun, JobsOf } from '@insightdesk/shared/jobs';

/** Older files no longer belong to an upload in progress. */
const UPLOAD_MAX_AGE_MS = 2 * 60 * 60 * 1_000;

/** The handler of every job, by feature. */
export function jobHandlers(root: Context): JobHandlers<SystemJob> {
  const at: At = (run) => systemContext(root, 'worker', run);
  return {
    ...forAttachments(at, root),
    ...forMedia(at),
    ...forConversations(at),
    ...forNotifications(at),
    ...forWebhooks(at),
    ...forApiKeys(at),
    ...forTenantExport(at),
    ...forTenantDeletion(root),
    ...forRetention(root),
    ...forAudit(root),
    ...forUsers(at, root),
  };
}

/** The context of a run, in the organization of its job. */
type At = (run: JobRun) => Context & { tenantId: Id<'org'> };

const forAttachments = (at: At, root: Context): JobHandlers<JobsOf<typeof attachmentJobs>> => ({
  'attachments.process': {
    job: attachmentJobs.processAttachment,
    run: (payload, run) => processAttachment(at(run), payload, run),
  },
  'attachments.expire-uploads': {
    job: attachmentJobs.expireUploads,
    run: (payload, run) => expireUploads(root, payload, run),
  },
  'attachments.delete-files': {
    job: attachmentJobs.deleteFiles,
    run: (payload, run) => deleteQueuedFiles(at(run), payload),
  },
  'attachments.reconcile-files': {
    job: attachmentJobs.reconcileFiles,
    run: (_, { signal }) =>
      reconcileFiles(root, { isDryRun: false, minAgeMs: UPLOAD_MAX_AGE_MS, signal }),
  },
});

const forMedia = (at: At): JobHandlers<JobsOf<typeof mediaJobs>> => ({
  'media.process': {
    job: mediaJobs.processMedia,
    run: (payload, run) => processMedia(at(run), payload, run),
  },
});

const forConversations = (at: At): JobHandlers<JobsOf<typeof conversationJobs>> => ({
  'conversations.unsnooze': {
    job: conversationJobs.unsnoozeConversation,
    run: (payload, run) => unsnoozeConversation(at(run), payload),
  },
  'conversations.unassign': {
    job: conversationJobs.unassignConversations,
    run: (payload, run) => unassignFormerStaff(at(run), payload, run),
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
    job: webhookJobs.fanOutJob,
    run: (payload, run) => fanOut(at(run), payload, run),
  },
  'webhooks.deliver': {
    job: webhookJobs.deliverInOrderJob,
    run: (payload, run) => deliverInOrder(at(run), payload, run),
  },
  'webhooks.replay': {
    job: webhookJobs.replayEventsJob,
    run: (payload, run) => replayEvents(at(run), payload, run),
  },
  'webhooks.notify-owners': {
    job: webhookJobs.notifyOwnersJob,
    run: (payload, run) => notifyOwners(at(run), payload, run),
  },
});

const forApiKeys = (at: At): JobHandlers<JobsOf<typeof apiKeyJobs>> => ({
  'api-keys.end-overlap': {
    job: apiKeyJobs.endOverlapJob,
    run: (payload, run) => endOverlap(at(run), payload),
  },
});

const forTenantExport = (at: At): JobHandlers<JobsOf<typeof tenantExportJobs>> => ({
  'tenant-export.write-archive': {
    job: tenantExportJobs.writeArchiveJob,
    run: (payload, run) => writeArchive(at(run), payload, run),
  },
  'tenant-export.delete-archive': {
    job: tenantExportJobs.deleteArchiveJob,
    run: (payload, run) => deleteArchive(at(run), payload),
  },
});

const forTenantDeletion = (root: Context): JobHandlers<JobsOf<typeof tenantDeletionJobs>> => ({
  'tenant-deletion.delete-unverified-accounts': {
    job: tenantDeletionJobs.deleteUnverifiedAccountsJob,
    run: (payload, run) => deleteUnverifiedAccounts(root, payload, run),
  },
  'tenant-deletion.delete-due-tenants': {
    job: tenantDeletionJobs.deleteDueTenantsJob,
    run: (_, run) => deleteDueTenants(root, run),
  },
});

const forRetention = (root: Context): JobHandlers<JobsOf<typeof retentionJobs>> => ({
  'retention.delete-old-events': {
    job: retentionJobs.deleteOldEventsJob,
    run: (payload, run) => deleteOldEvents(root, payload, run),
  },
  'retention.delete-old-job-steps': {
    job: retentionJobs.deleteOldJobStepsJob,
    run: (payload, run) => deleteOldJobSteps(root, payload, run),
  },
  'retention.delete-old-idempotency-keys': {
    job: retentionJobs.deleteOldIdempotencyKeysJob,
    run: (payload, run) => deleteOldIdempotencyKeys(root, payload, run),
  },
  'retention.delete-old-usage': {
    job: retentionJobs.deleteOldUsageJob,
    run: (payload, run) => deleteOldUsage(root, payload, run),
  },
});

const forAudit = (root: Context): JobHandlers<JobsOf<typeof auditJobs>> => ({
  'audit.prune': { job: auditJobs.pruneAuditJob, run: (_, run) => pruneAudit(root, run) },
});

const forUsers = (at: At, root: Context): JobHandlers<JobsOf<typeof userJobs>> => ({
  'users.revoke-older-sessions': {
    job: userJobs.revokeOlderSessionsJob,
    run: (payload, run) => revokeOlderSessions(at(run), payload),
  },
  'users.delete-expired': {
    job: userJobs.deleteExpiredJob,
    run: (payload, run) => deleteExpired(root, payload, run),
  },
});
