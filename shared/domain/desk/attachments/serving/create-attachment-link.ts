import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireReadyAttachment } from '../attachment-visibility.ts';
import { AttachmentErrors } from '../errors.ts';
import { needsProcessing } from '../uploads/check-content.ts';
import { signImageLink } from './image-link.ts';
import { imageRequest } from './image-request.ts';
import { isInlineType } from './inline-types.ts';
import { isPlaylist, requireStoredFile, withExtension } from './stored-file.ts';
import { signVideoLink } from './video-link.ts';

const HOUR = 3600;

/**
 * Makes an address that opens a file, one of its variants or a picture made of it, for a while; that
 * of a playlist plays all that it names.
 */
export const createAttachmentLink = defineAction({
  summary: 'Make a link to a file that expires',
  input: z.strictObject({
    id: idSchema('att'),
    variant: z.string().max(50).optional(),
    image: imageRequest.optional().describe('A picture made of the picture, instead of a variant'),
    download: z.boolean().default(false).describe('To be saved, also what could be shown'),
    expiresInSeconds: z.int().min(1).max(HOUR).default(300),
  }),
  output: z.object({
    url: z.url().describe('Opens the file to whoever has it: GET or HEAD, no authorisation'),
    expiresAt: z.iso.datetime(),
  }),
  allow: 'attachments:read',
  transaction: 'own',
  async run(ctx, { id, variant, image, download, expiresInSeconds }) {
    if (variant !== undefined && image) throw AttachmentErrors.TwoWays();
    const row = await readTenant(ctx, (tenant) => requireReadyAttachment(tenant, id));
    const expiresAt = new Date(Date.now() + expiresInSeconds * 1000);
    const { tenantId } = ctx;
    if (image) {
      if (!needsProcessing(row.contentType)) throw AttachmentErrors.NoPicture();
      const link = { tenantId, id, request: image, isForSaving: download, expiresAt };
      return { url: signImageLink(ctx, link), expiresAt: expiresAt.toISOString() };
    }
    const { key, name, contentType } = requireStoredFile(row, variant);
    if (variant !== undefined && isPlaylist(contentType) && !download) {
      const file = withExtension({ name: variant, contentType });
      const url = signVideoLink(ctx, { tenantId, id, file, isReferenced: false, expiresAt });
      return { url, expiresAt: expiresAt.toISOString() };
    }
    const inline = !download && isInlineType(contentType);
    const asked = { expiresInSeconds, fileName: name, contentType, inline };
    return {
      url: await ctx.files.storage.signDownload(key, asked),
      expiresAt: expiresAt.toISOString(),
    };
  },
});
