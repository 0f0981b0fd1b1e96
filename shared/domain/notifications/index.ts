/** What reaches people outside the application: today e-mail. */
export { deliver, type Letter } from './deliver.ts';
export * as notificationEvents from './events.ts';
export { sendInvitation } from './invitation.ts';
export * as notificationJobs from './jobs.ts';
export { notifyRecipients, sendMessageEmail } from './message.ts';
export { requireRecipient, sendRequestedEmail } from './requested.ts';
export { deliveries } from './tables.ts';
