import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { DomainNotFoundError, PayloadTooLargeError } from '@insightdesk/shared/errors';
import { readChunks } from '@insightdesk/shared/streams';
import { and, eq } from 'drizzle-orm';
import { deletePartFiles } from '../cleanup/delete-stored-files.ts';
import { AttachmentErrors } from '../errors.ts';
import { storageKey } from '../storage-key.ts';
import { attachments, uploadParts, uploads } from '../tables.ts';
import type { AttachmentRow } from '../view.ts';

/**
 * Puts the parts of an upload together where its file belongs, and looks whether they are what was
 * announced. The bytes are hashed on their way to there, so that nobody can exchange them in between.
 * Nothing to do for what came in one piece; cut off, it begins again.
 */
export async function assembleUpload(
  ctx: Context,
  row: AttachmentRow,
  signal?: AbortSignal,
): Promise<AttachmentRow> {
  const { upload, parts } = await withTenant(ctx, (tenant) => findUpload(tenant, row.id));
  if (!upload) return row;
  const files = parts.map(({ file }) => storageKey(row.tenantId, row.id, file));
  const { sizeBytes, sha256 } = await join(ctx, files, row, signal);
  if (sizeBytes !== upload.sizeBytes) throw AttachmentErrors.SizeMismatch(upload.sizeBytes);
  if (upload.sha256 && upload.sha256 !== sha256) throw AttachmentErrors.ChecksumMismatch();
  const assembled = await withTenant(ctx, async ({ tx }) => {
    const isRow = and(eq(attachments.tenantId, row.tenantId), eq(attachments.id, row.id));
    const [changed] = await tx.update(attachments).set({ sha256 }).where(isRow).returning();
    await tx.delete(uploads).where(isUpload(row));
    return changed;
  });
  await deletePartFiles(ctx, row);
  return assembled ?? row;
}

/** Forgets what a file that was rejected was to be made of. */
export async function deleteUploadParts(ctx: Context, row: Pick<AttachmentRow, 'tenantId' | 'id'>) {
  const gone = await withTenant(ctx, ({ tx }) =>
    tx.delete(uploads).where(isUpload(row)).returning({ id: uploads.id }),
  );
  if (gone.length > 0) await deletePartFiles(ctx, row);
}

const isUpload = ({ tenantId, id }: { tenantId: Id<'org'>; id: Id<'att'> }) =>
  and(eq(uploads.tenantId, tenantId), eq(uploads.id, id));

async function findUpload({ tx, tenantId }: TenantContext, id: Id<'att'>) {
  const [upload] = await tx.select().from(uploads).where(isUpload({ tenantId, id }));
  const parts = await tx
    .select()
    .from(uploadParts)
    .where(and(eq(uploadParts.tenantId, tenantId), eq(uploadParts.uploadId, id)))
    .orderBy(uploadParts.start);
  return { upload, parts };
}

async function join(
  { files: { storage } }: Pick<Context, 'files'>,
  files: string[],
  { tenantId, id, sizeBytes: maxBytes }: AttachmentRow,
  signal?: AbortSignal,
) {
  async function* bytes() {
    for (const file of files) yield* readChunks(await storage.download(file));
  }
  const options = { contentType: 'application/octet-stream', maxBytes, ...(signal && { signal }) };
  try {
    return await storage.upload(storageKey(tenantId, id), bytes(), options);
  } catch (error) {
    if (error instanceof DomainNotFoundError) throw AttachmentErrors.Missing();
    if (error instanceof PayloadTooLargeError) throw AttachmentErrors.SizeMismatch(maxBytes);
    throw error;
  }
}
