import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { releaseBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { discardedAttachments } from '@insightdesk/shared/domain/tenancy/usage';
import { record } from '@insightdesk/shared/events';
import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { requireAttachment } from '../attachment-visibility.ts';
import { AttachmentErrors } from '../errors.ts';
import { attachmentDeleted } from '../events.ts';
import { attachments, uploads } from '../tables.ts';
import { isOwnUpload } from '../uploads/own-upload.ts';

/**
 * Takes back an upload that no message has claimed, also one that is under way. Its bytes count no
 * more from then on; its files follow.
 */
export const deleteAttachment = defineAction({
  summary: 'Take back an upload',
  input: z.strictObject({ id: idSchema('att') }),
  output: z.void(),
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { id }) {
    const { tx, tenantId, actor } = ctx;
    const gone = await tx
      .delete(attachments)
      .where(
        and(
          eq(attachments.tenantId, tenantId),
          eq(attachments.id, id),
          eq(attachments.uploadedBy, actor.userId),
          isNull(attachments.messageId),
        ),
      )
      .returning({ id: attachments.id });
    const ended = await tx
      .delete(uploads)
      .where(
        gone.length > 0
          ? isOwnUpload(ctx, id)
          : and(isOwnUpload(ctx, id), isNull(uploads.completedAt)),
      )
      .returning({ id: uploads.id });
    if (gone.length + ended.length === 0) {
      await requireAttachment(ctx, id);
      throw AttachmentErrors.InUse();
    }
    await releaseBytes(ctx, id);
    await tx.insert(discardedAttachments).values({ tenantId, id }).onConflictDoNothing();
    await record(ctx, attachmentDeleted, { attachmentId: id });
  },
});
