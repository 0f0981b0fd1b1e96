/** Files: uploaded, checked, turned into variants, claimed by a message. */
export { claimAttachments } from './claim.ts';
export * as attachmentEvents from './events.ts';
export * as attachmentJobs from './jobs.ts';
export { makeVariants } from './process.ts';
export { getAttachment, type OpenedAttachment, openAttachment } from './read.ts';
export { attachments } from './tables.ts';
export { uploadAttachment } from './upload.ts';
export { attachmentView, toAttachment } from './view.ts';
