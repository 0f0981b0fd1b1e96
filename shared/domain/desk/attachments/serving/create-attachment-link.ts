import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { AttachmentErrors } from '../errors.ts';
import { requireReadyAttachment } from '../get-attachment.ts';
import { needsProcessing } from '../uploads/check-content.ts';
import { imageRequest, signImageLink } from './image-link.ts';
import { isInlineType, isPlaylist, requireStoredFile, withExtension } from './stored-file.ts';
import { signVideoLink } from './video-link.ts';

const MAX_EXPIRY_SECONDS = 3600;

/**
 * Creates a signed URL of a file, one of its variants, or an image rendered from it. The URL of a
 * playlist also opens the files that the playlist references.
 */
export const createAttachmentLink = defineAction({
  summary: 'Create a temporary link to a file',
  input: z.strictObject({
    id: idSchema('att'),
    variant: z.string().max(50).optional(),
    image: imageRequest
      .optional()
      .describe('An image rendered from the image, instead of a variant'),
    download: z.boolean().default(false).describe('Browsers save the file instead of showing it'),
    expiresInSeconds: z.int().min(1).max(MAX_EXPIRY_SECONDS).default(300),
  }),
  output: z
    .object({
      url: z.url().describe('Opens the file with GET or HEAD; the URL itself is the authorization'),
      expiresAt: z.iso.datetime(),
    })
    .meta({ id: 'AttachmentLink' }),
  allow: 'attachments:read',
  transaction: 'own',
  async run(ctx, { id, variant, image, download, expiresInSeconds }) {
    if (variant !== undefined && image) throw AttachmentErrors.VariantAndImage();
    const row = await readTenant(ctx, (tenant) => requireReadyAttachment(tenant, id));
    const expiresAt = new Date(Date.now() + expiresInSeconds * 1000);
    const { tenantId } = ctx;
    if (image) {
      if (!needsProcessing(row.contentType)) throw AttachmentErrors.NotAnImage();
      const link = { tenantId, id, request: image, isDownload: download, expiresAt };
      return { url: signImageLink(ctx, link), expiresAt: expiresAt.toISOString() };
    }
    const { key, name, contentType } = requireStoredFile(row, variant);
    if (variant !== undefined && isPlaylist(contentType) && !download) {
      const file = withExtension({ name: variant, contentType });
      const url = signVideoLink(ctx, { tenantId, id, file, isReferenced: false, expiresAt });
      return { url, expiresAt: expiresAt.toISOString() };
    }
    const inline = !download && isInlineType(contentType);
    const url = await ctx.files.storage.signDownload(key, {
      expiresInSeconds,
      fileName: name,
      contentType,
      inline,
    });
    return { url, expiresAt: expiresAt.toISOString() };
  },
});
