/** Files: uploaded, checked, turned into variants, claimed by a message. */
export { claimAttachments } from './claim-attachments.ts';
export { collectUnclaimed } from './collect-unclaimed.ts';
export * as attachmentEvents from './events.ts';
export { getAttachment } from './get-attachment.ts';
export * as attachmentJobs from './jobs.ts';
export { makeVariants } from './make-variants.ts';
export { type OpenedAttachment, openAttachment } from './open-attachment.ts';
export { storageKey } from './storage-key.ts';
export { attachments, type StoredVariant } from './tables.ts';
export { uploadAttachment } from './upload-attachment.ts';
export { type AttachmentRow, attachmentView, toAttachment } from './view.ts';
export { requireAttachment, visibleAttachments } from './visible.ts';
