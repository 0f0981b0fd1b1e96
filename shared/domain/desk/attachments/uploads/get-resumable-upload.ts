import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { AttachmentErrors } from '../errors.ts';
import { attachments, uploads } from '../tables.ts';
import { isOwnUpload } from './own-upload.ts';

/** How much of an upload has come; of one that is whole also when it was put together. */
export const getResumableUpload = defineAction({
  summary: 'Look how far a resumable upload is',
  input: z.strictObject({ id: idSchema('att') }),
  output: z.object({
    sizeBytes: z.int(),
    offset: z.int(),
    metadata: z.record(z.string(), z.string().nullable()),
    expiresAt: z.iso.datetime().optional().describe('Not there once it is whole'),
  }),
  allow: 'attachments:upload',
  transaction: 'read',
  async run(ctx, { id }) {
    const { tx, tenantId, actor } = ctx;
    const [open, whole] = await Promise.all([
      tx
        .select()
        .from(uploads)
        .where(and(isOwnUpload(ctx, id), eq(uploads.kind, 'resumable')))
        .execute(),
      tx
        .select({ sizeBytes: attachments.sizeBytes })
        .from(attachments)
        .where(
          and(
            eq(attachments.tenantId, tenantId),
            eq(attachments.id, id),
            eq(attachments.uploadedBy, actor.userId),
          ),
        )
        .execute(),
    ]);
    const [upload] = open;
    if (whole[0]) {
      const { sizeBytes } = whole[0];
      return { sizeBytes, offset: sizeBytes, metadata: upload?.metadata ?? {} };
    }
    if (!upload) throw AttachmentErrors.NotFound();
    const { sizeBytes, receivedBytes: offset, metadata, expiresAt } = upload;
    if (expiresAt < new Date()) throw AttachmentErrors.Expired();
    return { sizeBytes, offset, metadata, expiresAt: expiresAt.toISOString() };
  },
});
