import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { deletedAttachments } from '@insightdesk/shared/domain/tenancy/usage';
import type { ListedFile } from '@insightdesk/shared/storage';
import { isUploadPart, storageKey } from '../storage-key.ts';
import { uploads } from '../tables.ts';

type WithStorage = Pick<Context, 'files'>;

interface AttachmentKey {
  tenantId: Id<'org'>;
  id: Id<'att'>;
}

/** Deletes the files that `isOrphan` accepts and counts them; a dry run only counts. */
export async function deleteStoredFiles(
  { files: { storage } }: WithStorage,
  files: AsyncIterable<ListedFile> | Iterable<ListedFile>,
  { isOrphan, isDryRun = false }: { isOrphan(file: ListedFile): boolean; isDryRun?: boolean },
): Promise<{ files: number; bytes: number }> {
  const deleted = { files: 0, bytes: 0 };
  for await (const file of files) {
    if (!isOrphan(file)) continue;
    deleted.files++;
    deleted.bytes += file.sizeBytes;
    if (!isDryRun) await storage.delete(file.key);
  }
  return deleted;
}

/** Deletes every stored file of an attachment; files that are already gone are fine. */
export async function deleteAttachmentFiles(ctx: WithStorage, key: AttachmentKey): Promise<void> {
  await deleteStoredFiles(ctx, listFiles(ctx, key), { isOrphan: () => true });
}

/** Deletes the files that an attachment was assembled from. */
export async function deletePartFiles(ctx: WithStorage, key: AttachmentKey): Promise<void> {
  await deleteStoredFiles(ctx, listFiles(ctx, key), { isOrphan: (file) => isUploadPart(file.key) });
}

const listFiles = ({ files: { storage } }: WithStorage, { tenantId, id }: AttachmentKey) =>
  storage.list(storageKey(tenantId, id, ''));

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

/** Deletes the upload of an attachment that was rejected, with the files of its parts. */
export async function deleteUploadParts(
  ctx: Context,
  { tenantId, id }: { tenantId: Id<'org'>; id: Id<'att'> },
): Promise<void> {
  const deleted = await withTenant(ctx, ({ tx }) =>
    tx.delete(uploads).where(matches(uploads, { tenantId, id })).returning({ id: uploads.id }),
  );
  if (deleted.length > 0) await deletePartFiles(ctx, { tenantId, id });
}
