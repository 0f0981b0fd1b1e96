import {
  defineAction,
  type MemberTenantContext,
  readTenant,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireAttachment } from '../attachment-visibility.ts';
import { AttachmentErrors } from '../errors.ts';
import { STAGED, storageKey } from '../storage-key.ts';
import { uploadParts, uploads } from '../tables.ts';
import { attachmentView, toAttachment } from '../view.ts';
import { finishUpload, type UploadRow } from './finish-upload.ts';
import { isOwnUpload } from './own-upload.ts';

/** Says that the file is where it was to be sent; said again it answers the same. */
export const completeDirectUpload = defineAction({
  summary: 'Complete an upload straight to storage',
  input: z.strictObject({ id: idSchema('att') }),
  output: attachmentView,
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { id }) {
    const upload = await readTenant(ctx, (tenant) => find(tenant, id));
    const isOpen = upload?.kind === 'direct' && upload.completedAt === null;
    if (isOpen) await requireStored(ctx, upload);
    const row = await withTenant(ctx, async (tenant) => {
      const current = await find(tenant, id, true);
      if (current?.kind !== 'direct' || current.completedAt) return requireAttachment(tenant, id);
      await addStaged(tenant, current);
      return finishUpload(tenant, current);
    });
    return toAttachment(row, ctx.settings.publicUrl);
  },
});

async function find(ctx: MemberTenantContext, id: Id<'att'>, isToChange = false) {
  const query = ctx.tx.select().from(uploads).where(isOwnUpload(ctx, id));
  const [row] = await (isToChange ? query.for('update') : query).execute();
  return row;
}

/** What is there may be exchanged until its address expires: the worker looks again. */
async function requireStored(
  { files: { storage } }: Pick<MemberTenantContext, 'files'>,
  { tenantId, id, sizeBytes }: UploadRow,
) {
  const file = await storage.metadata(storageKey(tenantId, id, STAGED));
  if (!file) throw AttachmentErrors.NotUploaded();
  if (file.sizeBytes !== sizeBytes) throw AttachmentErrors.SizeMismatch(sizeBytes);
}

const addStaged = ({ tx }: MemberTenantContext, { tenantId, id: uploadId, sizeBytes }: UploadRow) =>
  tx.insert(uploadParts).values({ tenantId, uploadId, start: 0, sizeBytes, file: STAGED });
