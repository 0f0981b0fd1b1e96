/** Files: uploaded, checked, turned into variants, claimed by a message. */
export { claimAttachments } from './claim-attachments.ts';
export { collectUnclaimed } from './collect-unclaimed.ts';
export * as attachmentEvents from './events.ts';
export { getAttachment } from './get-attachment.ts';
export * as attachmentJobs from './jobs.ts';
export { linkAttachment } from './link-attachment.ts';
export { makeVariants } from './make-variants.ts';
export { openAttachment } from './open-attachment.ts';
export { type ImagesInWork, openImage } from './open-image.ts';
export { openSigned } from './open-signed.ts';
export { isShown } from './shown-types.ts';
export { storeSigned } from './store-signed.ts';
export type { OpenedAttachment } from './stored-file.ts';
export { attachments } from './tables.ts';
export { uploadAttachment } from './upload-attachment.ts';
export { attachmentView, toAttachment } from './view.ts';
