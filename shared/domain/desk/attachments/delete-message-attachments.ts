import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { releaseBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { deletedAttachments } from '@insightdesk/shared/domain/tenancy/usage';
import { record } from '@insightdesk/shared/events';
import { attachmentDeleted } from './events.ts';
import { attachments, uploads } from './tables.ts';

/**
 * Deletes the attachments of a message in the open transaction, those that are still processed too.
 * Their bytes no longer count towards the quota; jobs delete their files.
 */
export async function deleteMessageAttachments(
  ctx: TenantContext,
  messageId: Id<'msg'>,
): Promise<void> {
  const { tx, tenantId } = ctx;
  const deleted = await tx
    .delete(attachments)
    .where(matches(attachments, { tenantId, messageId }))
    .returning({ id: attachments.id });
  for (const { id } of deleted) await deleteTraces(ctx, id);
}

/** What else is stored of a deleted attachment. */
async function deleteTraces(ctx: TenantContext, id: Id<'att'>): Promise<void> {
  const { tx, tenantId } = ctx;
  await tx.delete(uploads).where(matches(uploads, { tenantId, id }));
  await releaseBytes(ctx, id);
  await tx.insert(deletedAttachments).values({ tenantId, id }).onConflictDoNothing();
  await record(ctx, attachmentDeleted, { attachmentId: id });
}
