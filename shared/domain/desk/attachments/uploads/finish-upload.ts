import type { MemberTenantContext } from '@insightdesk/shared/context';
import { releaseBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { record } from '@insightdesk/shared/events';
import type { InferSelectModel } from 'drizzle-orm';
import { AttachmentErrors } from '../errors.ts';
import { attachmentUploaded } from '../events.ts';
import { isOwnUpload } from './own-upload.ts';
import { attachments, uploads } from '../tables.ts';

/** Longer than anything that is to happen with its parts. */
const KEPT_MS = 48 * 60 * 60 * 1_000;
const UNKNOWN = 'application/octet-stream';

export type UploadRow = InferSelectModel<typeof uploads>;

/**
 * Makes an attachment of an upload of which everything has come, in the transaction that makes it
 * so. It stays in quarantine until a worker has put its parts together and looked into them.
 */
export async function finishUpload(ctx: MemberTenantContext, upload: UploadRow) {
  const { tx, tenantId } = ctx;
  const { id, name, sizeBytes, uploadedBy } = upload;
  if (!(await releaseBytes(ctx, id))) throw AttachmentErrors.Expired();
  const completedAt = new Date();
  const expiresAt = new Date(completedAt.getTime() + KEPT_MS);
  await tx.update(uploads).set({ completedAt, expiresAt }).where(isOwnUpload(ctx, id));
  const row = { tenantId, id, name, sizeBytes, uploadedBy, contentType: UNKNOWN, sha256: '' };
  const [attachment] = await tx
    .insert(attachments)
    .values({ ...row, status: 'pending', quarantined: true })
    .returning();
  if (!attachment) throw new Error('The attachment was not inserted');
  await record(ctx, attachmentUploaded, { attachmentId: id, contentType: UNKNOWN });
  return attachment;
}
