import { type Context, systemContext } from '@insightdesk/shared/context';
import { jobs, type SystemJob } from '@insightdesk/shared/domain/catalog';
import {
  deleteQueuedFiles,
  expireUploads,
  processAttachment,
  reconcileFiles,
} from '@insightdesk/shared/domain/desk/attachments';
import {
  unassignFormerStaff,
  unsnoozeConversation,
} from '@insightdesk/shared/domain/desk/conversations';
import { processMedia } from '@insightdesk/shared/domain/desk/media';
import {
  notifyRecipients,
  sendAccountLink,
  sendAccountNotice,
  sendInvitation,
  sendMessageEmail,
  sendRequestedEmail,
} from '@insightdesk/shared/domain/desk/notifications';
import { endOverlap } from '@insightdesk/shared/domain/identity/api-keys';
import { deleteExpired, revokeOlderSessions } from '@insightdesk/shared/domain/identity/users';
import {
  deliverInOrder,
  fanOut,
  notifyOwners,
  replayEvents,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { pruneAudit } from '@insightdesk/shared/domain/tenancy/audit';
import {
  deleteOldEvents,
  deleteOldIdempotencyKeys,
  deleteOldJobSteps,
  deleteOldUsage,
} from '@insightdesk/shared/domain/tenancy/retention';
import {
  deleteDueTenants,
  deleteUnverifiedAccounts,
} from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import { deleteArchive, writeArchive } from '@insightdesk/shared/domain/tenancy/tenant-export';
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
    'attachments.process': (payload, run) => processAttachment(at(run), payload, run),
    'attachments.expire-uploads': (payload, run) => expireUploads(root, payload, run),
    'attachments.delete-files': (payload, run) => deleteQueuedFiles(at(run), payload),
    'attachments.reconcile-files': (_, { signal }) =>
      reconcileFiles(root, { isDryRun: false, minAgeMs: UPLOAD_MAX_AGE_MS, signal }),
    'media.process': (payload, run) => processMedia(at(run), payload, run),
    'conversations.unsnooze': (payload, run) => unsnoozeConversation(at(run), payload),
    'conversations.unassign': (payload, run) => unassignFormerStaff(at(run), payload, run),
    'notifications.message': (payload, run) => notifyRecipients(at(run), payload, run),
    'notifications.messages': (payload, run) => notifyRecipients(at(run), payload, run),
    'notifications.email-message': (payload, run) => sendMessageEmail(at(run), payload, run),
    'notifications.email-invitation': (payload, run) => sendInvitation(at(run), payload),
    'notifications.email-account-link': (payload, run) => sendAccountLink(at(run), payload),
    'notifications.email-account-notice': (payload, run) =>
      sendAccountNotice(at(run), payload, run),
    'notifications.email-on-request': (payload, run) => sendRequestedEmail(at(run), payload, run),
    'webhooks.fan-out': (payload, run) => fanOut(at(run), payload, run),
    'webhooks.deliver': (payload, run) => deliverInOrder(at(run), payload, run),
    'webhooks.replay': (payload, run) => replayEvents(at(run), payload, run),
    'webhooks.notify-owners': (payload, run) => notifyOwners(at(run), payload, run),
    'api-keys.end-overlap': (payload, run) => endOverlap(at(run), payload),
    'tenant-export.write-archive': (payload, run) => writeArchive(at(run), payload, run),
    'tenant-export.delete-archive': (payload, run) => deleteArchive(at(run), payload),
    'tenant-deletion.delete-unverified-accounts': (payload, run) =>
      deleteUnverifiedAccounts(root, payload, run),
    'tenant-deletion.delete-due-tenants': (_, run) => deleteDueTenants(root, run),
    'retention.delete-old-events': (payload, run) => deleteOldEvents(root, payload, run),
    'retention.delete-old-job-steps': (payload, run) => deleteOldJobSteps(root, payload, run),
    'retention.delete-old-idempotency-keys': (payload, run) =>
      deleteOldIdempotencyKeys(root, payload, run),
    'retention.delete-old-usage': (payload, run) => deleteOldUsage(root, payload, run),
    'audit.prune': (_, run) => pruneAudit(root, run),
    'users.revoke-older-sessions': (payload, run) => revokeOlderSessions(at(run), payload),
    'users.delete-expired': (payload, run) => deleteExpired(root, payload, run),
  };
}
