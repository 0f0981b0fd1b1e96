/** Notifications outside the application: emails. */
export { enqueueOverdue } from './enqueue-overdue.ts';
export * as notificationEvents from './events.ts';
export * as notificationJobs from './jobs.ts';
export { notifyRecipients } from './notify-recipients.ts';
export { createReplyAddress, verifyReplyAddress } from './reply-address.ts';
export { sendAccountLink } from './send-account-link.ts';
export { sendAccountNotice } from './send-account-notice.ts';
export { sendInvitation } from './send-invitation.ts';
export { sendMessageEmail } from './send-message-email.ts';
export { sendOnce, sendWithinQuota } from './send-once.ts';
export { sendPending } from './send-pending.ts';
export { acceptRequestedEmail, sendRequestedEmail } from './send-requested-email.ts';
export { sendSignInCode } from './send-sign-in-code.ts';
export {
  deleteEmailTemplate,
  listEmailTemplates,
  previewEmailTemplate,
  putEmailTemplate,
} from './templates/actions.ts';
export { renderTemplated } from './templates/find-template.ts';
export { getSubscription, unsubscribe } from './unsubscribe.ts';
