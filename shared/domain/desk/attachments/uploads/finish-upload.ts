import type { MemberTenantContext } from '@insightdesk/shared/context';
import { releaseBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import { isOwnUpload } from '../attachment-visibility.ts';
import { AttachmentErrors } from '../errors.ts';
import { attachmentUploaded } from '../events.ts';
import { attachments, uploads } from '../tables.ts';

/** Longer than the parts can be needed. */
const RETENTION_MS = 48 * 60 * 60 * 1_000;
const UNKNOWN_TYPE = 'application/octet-stream';

export type UploadRow = typeof uploads.$inferSelect;

/**
 * Turns a complete upload into an attachment, in the transaction that completes it. The attachment
 * is in quarantine until a worker has assembled and inspected its parts.
 */
export async function finishUpload(ctx: MemberTenantContext, upload: UploadRow) {
  const { tx, tenantId } = ctx;
  const { id, name, sizeBytes, uploadedBy } = upload;
  if (!(await releaseBytes(ctx, id))) throw AttachmentErrors.Expired();
  const completedAt = new Date();
  const expiresAt = new Date(completedAt.getTime() + RETENTION_MS);
  await tx.update(uploads).set({ completedAt, expiresAt }).where(isOwnUpload(ctx, id));
  const contentType = UNKNOWN_TYPE;
  const row = { tenantId, id, name, sizeBytes, uploadedBy, contentType, sha256: '' };
  const [attachment] = await tx
    .insert(attachments)
    .values({ ...row, status: 'pending', quarantined: true })
    .returning();
  if (!attachment) throw new Error('The attachment was not inserted');
  await record(ctx, attachmentUploaded, { attachmentId: id, contentType });
  return attachment;
}
