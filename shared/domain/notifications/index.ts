/** What reaches people outside the application: today e-mail. */
export { deliver, type Letter } from './deliver.ts';
export * as notificationEvents from './events.ts';
export * as notificationJobs from './jobs.ts';
export { notifyRecipients } from './notify-recipients.ts';
export { requireRecipient } from './recipient.ts';
export { sendInvitation } from './send-invitation.ts';
export { sendMessageEmail } from './send-message-email.ts';
export { sendRequestedEmail } from './send-requested-email.ts';
export { deliveries } from './tables.ts';
