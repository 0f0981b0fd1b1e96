import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { DomainNotFoundError, PayloadTooLargeError } from '@insightdesk/shared/errors';
import { readChunks } from '@insightdesk/shared/streams';
import { deletePartFiles } from '../cleanup/delete-stored-files.ts';
import { AttachmentErrors } from '../errors.ts';
import { storageKey } from '../storage-key.ts';
import { attachments, uploadParts, uploads } from '../tables.ts';
import type { AttachmentRow } from '../view.ts';

/**
 * Joins the parts of an upload into the original and verifies size and checksum. The bytes are
 * hashed while they are copied, so they cannot be replaced in between. An interrupted assembly
 * starts again. Does nothing for a file that was uploaded in one request.
 */
export async function assembleUpload(
  ctx: Context,
  row: AttachmentRow,
  signal?: AbortSignal,
): Promise<AttachmentRow> {
  const { upload, parts } = await withTenant(ctx, (tenant) => findUpload(tenant, row.id));
  if (!upload) return row;
  const files = parts.map(({ file }) => storageKey(row.tenantId, row.id, file));
  const { sizeBytes, sha256 } = await joinFiles(ctx, files, row, signal);
  if (sizeBytes !== upload.sizeBytes) throw AttachmentErrors.SizeMismatch(upload.sizeBytes);
  if (upload.sha256 && upload.sha256 !== sha256) throw AttachmentErrors.ChecksumMismatch();
  const assembled = await withTenant(ctx, async ({ tx }) => {
    const isThis = matches(attachments, { tenantId: row.tenantId, id: row.id });
    const [updated] = await tx.update(attachments).set({ sha256 }).where(isThis).returning();
    await tx.delete(uploads).where(isUpload(row));
    return updated;
  });
  await deletePartFiles(ctx, row);
  return assembled ?? row;
}

const isUpload = ({ tenantId, id }: { tenantId: Id<'org'>; id: Id<'att'> }) =>
  matches(uploads, { tenantId, id });

async function findUpload({ tx, tenantId }: TenantContext, id: Id<'att'>) {
  const [upload] = await tx.select().from(uploads).where(isUpload({ tenantId, id }));
  const parts = await tx
    .select()
    .from(uploadParts)
    .where(matches(uploadParts, { tenantId, uploadId: id }))
    .orderBy(uploadParts.start);
  return { upload, parts };
}

async function joinFiles(
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
