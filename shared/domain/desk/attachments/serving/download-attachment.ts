import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireReadyAttachment } from '../attachment-visibility.ts';
import { type ByteRange, type OpenedFile, requireStoredFile } from './stored-file.ts';

/** Opens an attachment's bytes, or those of one of its variants, once it has been checked. */
export const downloadAttachment = defineAction({
  summary: "Download an attachment's bytes",
  input: z.strictObject({ id: idSchema('att'), variant: z.string().max(50).optional() }),
  output: z.custom<OpenedFile>(),
  allow: 'attachments:read',
  transaction: 'own',
  async run(ctx, { id, variant }) {
    const row = await readTenant(ctx, (tenant) => requireReadyAttachment(tenant, id));
    const { key, ...file } = requireStoredFile(row, variant);
    return {
      ...file,
      stream: (range?: ByteRange) => ctx.files.storage.download(key, range ? { range } : {}),
    };
  },
});
