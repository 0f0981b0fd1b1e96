import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { isOwnUpload } from '../attachment-visibility.ts';
import { AttachmentErrors } from '../errors.ts';
import { attachments, uploads } from '../tables.ts';

/** The offset of an upload; also of a complete one, before and after it was assembled. */
export const getResumableUpload = defineAction({
  summary: 'Get the offset of a resumable upload',
  input: z.strictObject({ id: idSchema('att') }),
  output: z.object({
    sizeBytes: z.int(),
    offset: z.int(),
    metadata: z.record(z.string(), z.string().nullable()),
    expiresAt: z.iso.datetime().optional().describe('Missing once the upload is complete'),
  }),
  allow: 'attachments:upload',
  transaction: 'read',
  async run(ctx, { id }) {
    const { tx, tenantId, actor } = ctx;
    const [[upload], [attachment]] = await Promise.all([
      tx
        .select()
        .from(uploads)
        .where(and(isOwnUpload(ctx, id), eq(uploads.kind, 'resumable')))
        .execute(),
      tx
        .select({ sizeBytes: attachments.sizeBytes })
        .from(attachments)
        .where(matches(attachments, { tenantId, id, uploadedBy: actor.userId }))
        .execute(),
    ]);
    if (attachment) {
      const { sizeBytes } = attachment;
      return { sizeBytes, offset: sizeBytes, metadata: upload?.metadata ?? {} };
    }
    if (!upload) throw AttachmentErrors.NotFound();
    const { sizeBytes, receivedBytes: offset, metadata, expiresAt } = upload;
    if (expiresAt < new Date()) throw AttachmentErrors.Expired();
    return { sizeBytes, offset, metadata, expiresAt: expiresAt.toISOString() };
  },
});
