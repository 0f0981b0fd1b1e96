/** Notifications outside the application: emails. */
export * as notificationEvents from './events.ts';
export * as notificationJobs from './jobs.ts';
export { notifyRecipients } from './notify-recipients.ts';
export { sendAccountLink } from './send-account-link.ts';
export { sendAccountNotice } from './send-account-notice.ts';
export { sendInvitation } from './send-invitation.ts';
export { sendMessageEmail } from './send-message-email.ts';
export { sendOnce, sendWithinQuota } from './send-once.ts';
export { acceptRequestedEmail, sendRequestedEmail } from './send-requested-email.ts';
export { sendSignInCode } from './send-sign-in-code.ts';
