import type { Context } from '@insightdesk/shared/context';
import { uploadAttachment } from './upload-attachment.ts';

/** Uploads as this member does. */
export const attachmentUploads = (ctx: Context) => (bytes: Uint8Array, name: string) =>
  uploadAttachment(ctx, {
    name,
    contentType: 'application/octet-stream',
    body: new Blob([new Uint8Array(bytes)]).stream(),
  });
