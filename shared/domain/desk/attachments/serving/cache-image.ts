import { type Context, withTenant } from '@insightdesk/shared/context';
import { matches } from '@insightdesk/shared/database';
import { deleteAttachmentFiles } from '../cleanup/delete-stored-files.ts';
import { storageKey } from '../storage-key.ts';
import { attachments } from '../tables.ts';
import type { AttachmentRow } from '../view.ts';

/** The cached images of an attachment may take twice its own size. */
const cacheLimitOf = ({ sizeBytes }: AttachmentRow) => Math.max(256 * 1024, 2 * sizeBytes);

/**
 * Caches a rendered image beside its original. Evicts the oldest images when the cache of the
 * attachment is full; an image that exceeds the limit alone is not cached.
 */
export async function cacheImage(
  ctx: Context,
  row: AttachmentRow,
  { key, bytes, contentType }: { key: string; bytes: Uint8Array; contentType: string },
): Promise<void> {
  const maxBytes = cacheLimitOf(row);
  if (bytes.byteLength > maxBytes) return;
  const { storage } = ctx.files;
  await storage.upload(key, bytes, { contentType });
  // Deleting an attachment changes its row before its files: either this check or the deletion sees
  // the other.
  if (!(await isReady(ctx, row))) return deleteAttachmentFiles(ctx, row);
  const cached = await Array.fromAsync(storage.list(storageKey(row.tenantId, row.id, 'images/')));
  let total = cached.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const others = cached.filter((file) => file.key !== key);
  for (const file of others.sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime())) {
    if (total <= maxBytes) break;
    await storage.delete(file.key);
    total -= file.sizeBytes;
  }
}

// In a write transaction, because a read may be served by a replica that lags.
async function isReady(ctx: Context, { tenantId, id }: AttachmentRow): Promise<boolean> {
  const rows = await withTenant(ctx, ({ tx }) =>
    tx
      .select({ id: attachments.id })
      .from(attachments)
      .where(matches(attachments, { tenantId, id, status: 'ready' })),
  );
  return rows.length > 0;
}
