import { type Context, withTenant } from '@insightdesk/shared/context';
import { and, eq } from 'drizzle-orm';
import { deleteAttachmentFiles } from '../cleanup/delete-stored-files.ts';
import { storageKey } from '../storage-key.ts';
import { attachments } from '../tables.ts';
import type { AttachmentRow } from '../view.ts';

/** What the pictures made of one attachment may take beside it: twice as much as itself. */
const budgetOf = ({ sizeBytes }: AttachmentRow) => Math.max(256 * 1024, 2 * sizeBytes);

/**
 * Keeps a picture beside its original for the next who asks; beyond the budget the oldest go. What
 * alone exceeds it is not kept.
 */
export async function cacheImage(
  ctx: Context,
  row: AttachmentRow,
  { key, bytes, contentType }: { key: string; bytes: Uint8Array; contentType: string },
): Promise<void> {
  const budget = budgetOf(row);
  if (bytes.byteLength > budget) return;
  await ctx.files.storage.upload(key, bytes, { contentType });
  // Whoever deletes files changes the row first: one of us sees the other.
  if (!(await isReady(ctx, row))) return deleteAttachmentFiles(ctx, row);
  const kept = await Array.fromAsync(
    ctx.files.storage.list(storageKey(row.tenantId, row.id, 'images/')),
  );
  let total = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const others = kept.filter((one) => one.key !== key);
  for (const one of others.sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime())) {
    if (total <= budget) break;
    await ctx.files.storage.delete(one.key);
    total -= one.sizeBytes;
  }
}

// A write: it sees what was committed until now, wherever reads are sent.
async function isReady(ctx: Context, { tenantId, id }: AttachmentRow): Promise<boolean> {
  const rows = await withTenant(ctx, ({ tx }) =>
    tx
      .select({ id: attachments.id })
      .from(attachments)
      .where(
        and(
          eq(attachments.tenantId, tenantId),
          eq(attachments.id, id),
          eq(attachments.status, 'ready'),
        ),
      ),
  );
  return rows.length > 0;
}
