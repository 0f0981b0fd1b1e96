import { type Context, systemContext } from '@insightdesk/shared/context';
import {
  attachmentJobs,
  collectUnclaimed,
  makeVariants,
} from '@insightdesk/shared/domain/attachments';
import type { SystemJob } from '@insightdesk/shared/domain/catalog';
import {
  conversationJobs,
  unassignFormer,
  wakeSnoozed,
} from '@insightdesk/shared/domain/conversations';
import {
  departureJobs,
  eraseDue,
  removeArchive,
  writeArchive,
} from '@insightdesk/shared/domain/departures';
import { keyJobs, tellOverlapEnded } from '@insightdesk/shared/domain/keys';
import {
  deleteOldAnswers,
  deleteOldEvents,
  deleteOldJobSteps,
  deleteOldUsage,
  maintenanceJobs,
} from '@insightdesk/shared/domain/maintenance';
import {
  notificationJobs,
  notifyRecipients,
  sendAccountLink,
  sendAccountNotice,
  sendInvitation,
  sendMessageEmail,
  sendRequestedEmail,
} from '@insightdesk/shared/domain/notifications';
import { deleteExpired, endSessionsEverywhere, userJobs } from '@insightdesk/shared/domain/users';
import {
  deliverLane,
  emailOwners,
  fanOut,
  replayEvents,
  webhookJobs,
} from '@insightdesk/shared/domain/webhooks';
import type { JobHandlers, JobRun } from '@insightdesk/shared/jobs';

/** What is done later: one line per job. */
export function jobHandlers(root: Context): JobHandlers<SystemJob> {
  const at = (run: JobRun) => systemContext(root, 'worker', run);
  return {
    'attachments.process': {
      job: attachmentJobs.processAttachment,
      run: (payload, run) => makeVariants(at(run), payload),
    },
    'attachments.collect-unclaimed': {
      job: attachmentJobs.collectUnclaimed,
      run: (payload, run) => collectUnclaimed(root, payload, run),
    },
    'conversations.wake': {
      job: conversationJobs.wakeConversation,
      run: (payload, run) => wakeSnoozed(at(run), payload),
    },
    'conversations.unassign': {
      job: conversationJobs.unassignConversations,
      run: (payload, run) => unassignFormer(at(run), payload, run),
    },
    'notifications.message': {
      job: notificationJobs.notifyOfMessage,
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
    'api-keys.end-overlap': {
      job: keyJobs.endOverlap,
      run: (payload, run) => tellOverlapEnded(at(run), payload),
    },
    'departures.write-archive': {
      job: departureJobs.writeArchiveJob,
      run: (payload, run) => writeArchive(at(run), payload, run),
    },
    'departures.remove-archive': {
      job: departureJobs.removeArchiveJob,
      run: (payload, run) => removeArchive(at(run), payload),
    },
    'departures.erase-due': {
      job: departureJobs.eraseDueJob,
      run: (_, run) => eraseDue(root, run),
    },
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
    'users.end-sessions': {
      job: userJobs.endSessionsLater,
      run: (payload, run) => endSessionsEverywhere(at(run), payload),
    },
    'tenants.purge-usage': {
      job: maintenanceJobs.purgeUsage,
      run: (payload, run) => deleteOldUsage(root, payload, run),
    },
    'users.purge-expired': {
      job: userJobs.purgeExpired,
      run: (payload, run) => deleteExpired(root, payload, run),
    },
  };
}
