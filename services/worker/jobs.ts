import { type Context, systemContext } from '@insightdesk/shared/context';
import { jobs, type SystemJob } from '@insightdesk/shared/domain/catalog';
import * as attachments from '@insightdesk/shared/domain/desk/attachments';
import * as contactMerge from '@insightdesk/shared/domain/desk/contact-merge';
import * as conversations from '@insightdesk/shared/domain/desk/conversations';
import * as media from '@insightdesk/shared/domain/desk/media';
import * as notifications from '@insightdesk/shared/domain/desk/notifications';
import * as apiKeys from '@insightdesk/shared/domain/identity/api-keys';
import * as customerSignIn from '@insightdesk/shared/domain/identity/customer-sign-in';
import * as users from '@insightdesk/shared/domain/identity/users';
import * as webhooks from '@insightdesk/shared/domain/integrations/webhooks';
import * as audit from '@insightdesk/shared/domain/tenancy/audit';
import * as retention from '@insightdesk/shared/domain/tenancy/retention';
import * as tenantDeletion from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import * as tenantExport from '@insightdesk/shared/domain/tenancy/tenant-export';
import type { JobHandlers, JobRun } from '@insightdesk/shared/jobs';

/** Older files no longer belong to an upload in progress. */
const UPLOAD_MAX_AGE_MS = 2 * 60 * 60 * 1_000;

/** The handler of every job; a missing one does not compile. */
export function jobHandlers(root: Context): JobHandlers<SystemJob> {
  const runs = createRuns(root);
  return Object.fromEntries(
    jobs.map((job) => [job.name, { job, run: runs[job.name] }]),
  ) as unknown as JobHandlers<SystemJob>;
}

type Runs = { [N in SystemJob['name']]: JobHandlers<SystemJob>[N]['run'] };

function createRuns(root: Context): Runs {
  /** The context of a run, in the organization of its job. */
  const at = (run: JobRun) => systemContext(root, 'worker', run);
  return {
    'attachments.process': (payload, run) => attachments.processAttachment(at(run), payload, run),
    'attachments.expire-uploads': (payload, run) => attachments.expireUploads(root, payload, run),
    'attachments.delete-files': (payload, run) => attachments.deleteQueuedFiles(at(run), payload),
    'attachments.reconcile-files': (_, { signal }) =>
      attachments.reconcileFiles(root, { isDryRun: false, minAgeMs: UPLOAD_MAX_AGE_MS, signal }),
    'media.process': (payload, run) => media.processMedia(at(run), payload, run),
    'media.process-long': (payload, run) =>
      media.processMedia(at(run), payload, run, { isLong: true }),
    'conversations.unsnooze': (payload, run) =>
      conversations.unsnoozeConversation(at(run), payload),
    'conversations.unassign': (payload, run) =>
      conversations.unassignFormerStaff(at(run), payload, run),
    'contact-merge.move-conversations': (payload, run) =>
      contactMerge.moveRemainingConversations(at(run), payload, run),
    'contact-merge.same-address': (payload, run) =>
      contactMerge.mergeContactOfMember(at(run), payload),
    'notifications.message': (payload, run) =>
      notifications.notifyRecipients(at(run), payload, run),
    'notifications.messages': (payload, run) =>
      notifications.notifyRecipients(at(run), payload, run),
    'notifications.email-message': (payload, run) =>
      notifications.sendMessageEmail(at(run), payload, run),
    'notifications.email-pending': (payload, run) =>
      notifications.sendPending(at(run), payload, run),
    'notifications.enqueue-overdue': (_, run) => notifications.enqueueOverdue(root, run),
    'notifications.email-invitation': (payload, run) =>
      notifications.sendInvitation(at(run), payload),
    'notifications.email-account-link': (payload, run) =>
      notifications.sendAccountLink(at(run), payload),
    'notifications.email-account-notice': (payload, run) =>
      notifications.sendAccountNotice(at(run), payload, run),
    'notifications.email-sign-in-code': (payload, run) =>
      notifications.sendSignInCode(at(run), payload),
    'notifications.email-on-request': (payload, run) =>
      notifications.sendRequestedEmail(at(run), payload, run),
    'webhooks.fan-out': (payload, run) => webhooks.fanOut(at(run), payload, run),
    'webhooks.deliver': (payload, run) => webhooks.deliverInOrder(at(run), payload, run),
    'webhooks.replay': (payload, run) => webhooks.replayEvents(at(run), payload, run),
    'webhooks.notify-owners': (payload, run) => webhooks.notifyOwners(at(run), payload, run),
    'api-keys.end-overlap': (payload, run) => apiKeys.endOverlap(at(run), payload),
    'tenant-export.write-archive': (payload, run) =>
      tenantExport.writeArchive(at(run), payload, run),
    'tenant-export.delete-archive': (payload, run) => tenantExport.deleteArchive(at(run), payload),
    'tenant-deletion.delete-unverified-accounts': (payload, run) =>
      tenantDeletion.deleteUnverifiedAccounts(root, payload, run),
    'tenant-deletion.delete-due-tenants': (_, run) => tenantDeletion.deleteDueTenants(root, run),
    'retention.delete-old-events': (payload, run) => retention.deleteOldEvents(root, payload, run),
    'retention.delete-old-job-steps': (payload, run) =>
      retention.deleteOldJobSteps(root, payload, run),
    'retention.delete-old-idempotency-keys': (payload, run) =>
      retention.deleteOldIdempotencyKeys(root, payload, run),
    'retention.delete-old-usage': (payload, run) => retention.deleteOldUsage(root, payload, run),
    'audit.prune': (_, run) => audit.pruneAudit(root, run),
    'audit.verify': (_, run) => audit.verifyAllAudits(root, run),
    'users.revoke-older-sessions': (payload, run) => users.revokeOlderSessions(at(run), payload),
    'customer-sign-in.delete-expired': (_, run) => customerSignIn.deleteExpired(root, run),
    'users.delete-expired': (payload, run) => users.deleteExpired(root, payload, run),
  };
}
