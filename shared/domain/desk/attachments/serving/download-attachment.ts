import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { type ByteRange, findFile, type OpenedAttachment } from './stored-file.ts';
import { requireReadyAttachment } from '../attachment-visibility.ts';

/** Opens an attachment's bytes, or those of one of its variants, once it has been checked. */
export const openAttachment = defineAction({
  summary: "Download an attachment's bytes",
  input: z.strictObject({ id: idSchema('att'), variant: z.string().max(50).optional() }),
  output: z.custom<OpenedAttachment>(),
  allow: 'attachments:read',
  transaction: 'own',
  async run(ctx, { id, variant }) {
    const row = await readTenant(ctx, (tenant) => requireReadyAttachment(tenant, id));
    const { key, ...file } = findFile(row, variant);
    return {
      ...file,
      stream: (range?: ByteRange) => ctx.storage.download(key, range ? { range } : {}),
    };
  },
});
