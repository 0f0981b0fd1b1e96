import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { releaseBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { deletedAttachments } from '@insightdesk/shared/domain/tenancy/usage';
import { record } from '@insightdesk/shared/events';
import { and, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { isOwnUpload } from './attachment-visibility.ts';
import { AttachmentErrors } from './errors.ts';
import { attachmentDeleted } from './events.ts';
import { requireAttachment } from './get-attachment.ts';
import { attachments, uploads } from './tables.ts';

/**
 * Deletes an upload that no message has claimed, including one in progress. Its bytes no longer
 * count towards the quota; a job deletes its files.
 */
export const deleteAttachment = defineAction({
  summary: 'Delete an upload',
  input: z.strictObject({ id: idSchema('att') }),
  output: z.void(),
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { id }) {
    const { tx, tenantId, actor } = ctx;
    const deleted = await tx
      .delete(attachments)
      .where(
        and(
          matches(attachments, { tenantId, id, uploadedBy: actor.userId }),
          isNull(attachments.messageId),
        ),
      )
      .returning({ id: attachments.id });
    const cancelled = await tx
      .delete(uploads)
      .where(
        deleted.length > 0
          ? isOwnUpload(ctx, id)
          : and(isOwnUpload(ctx, id), isNull(uploads.completedAt)),
      )
      .returning({ id: uploads.id });
    if (deleted.length + cancelled.length === 0) {
      await requireAttachment(ctx, id);
      throw AttachmentErrors.InUse();
    }
    await releaseBytes(ctx, id);
    await tx.insert(deletedAttachments).values({ tenantId, id }).onConflictDoNothing();
    await record(ctx, attachmentDeleted, { attachmentId: id });
  },
});
