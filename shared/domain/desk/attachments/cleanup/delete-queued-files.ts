import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { deletedAttachments } from '@insightdesk/shared/domain/tenancy/usage';
import { deleteAttachmentFiles } from './delete-stored-files.ts';

/**
 * Deletes the files of an attachment that was deleted or rejected, then its entry in the deletion
 * queue. Running it again changes nothing.
 */
export async function deleteQueuedFiles(
  ctx: Context & { tenantId: Id<'org'> },
  { attachmentId: id }: { attachmentId: Id<'att'> },
): Promise<void> {
  const { tenantId } = ctx;
  await deleteAttachmentFiles(ctx, { tenantId, id });
  const isQueued = matches(deletedAttachments, { tenantId, id });
  await ctx.database.write('system', (tx) => tx.delete(deletedAttachments).where(isQueued));
}
