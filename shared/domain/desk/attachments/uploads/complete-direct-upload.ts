import {
  defineAction,
  type MemberTenantContext,
  readTenant,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { isOwnUpload } from '../attachment-visibility.ts';
import { AttachmentErrors } from '../errors.ts';
import { requireAttachment } from '../get-attachment.ts';
import { STAGED, storageKey } from '../storage-key.ts';
import { uploadParts, uploads } from '../tables.ts';
import { attachmentView, toAttachment } from '../view.ts';
import { finishUpload, type UploadRow } from './finish-upload.ts';

/** Completes a direct upload once its file is stored. Completing it again returns the same. */
export const completeDirectUpload = defineAction({
  summary: 'Complete a direct upload to storage',
  input: z.strictObject({ id: idSchema('att') }),
  output: attachmentView,
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { id }) {
    const upload = await readTenant(ctx, (tenant) => findUpload(tenant, id));
    const isOpen = upload?.kind === 'direct' && upload.completedAt === null;
    if (isOpen) await requireStored(ctx, upload);
    const row = await withTenant(ctx, async (tenant) => {
      const current = await findUpload(tenant, id, { forUpdate: true });
      if (current?.kind !== 'direct' || current.completedAt) return requireAttachment(tenant, id);
      await insertStagedPart(tenant, current);
      return finishUpload(tenant, current);
    });
    return toAttachment(row, ctx.settings.publicUrl);
  },
});

async function findUpload(ctx: MemberTenantContext, id: Id<'att'>, { forUpdate = false } = {}) {
  const query = ctx.tx.select().from(uploads).where(isOwnUpload(ctx, id));
  const [row] = await (forUpdate ? query.for('update') : query).execute();
  return row;
}

/** The client can replace the file until its URL expires: the worker checks it again. */
async function requireStored(
  { files: { storage } }: Pick<MemberTenantContext, 'files'>,
  { tenantId, id, sizeBytes }: UploadRow,
) {
  const file = await storage.metadata(storageKey(tenantId, id, STAGED));
  if (!file) throw AttachmentErrors.NotUploaded();
  if (file.sizeBytes !== sizeBytes) throw AttachmentErrors.SizeMismatch(sizeBytes);
}

const insertStagedPart = (
  { tx }: MemberTenantContext,
  { tenantId, id: uploadId, sizeBytes }: UploadRow,
) => tx.insert(uploadParts).values({ tenantId, uploadId, start: 0, sizeBytes, file: STAGED });
