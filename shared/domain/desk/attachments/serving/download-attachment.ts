import { defineAction, readTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import type { ByteRange } from '@insightdesk/shared/storage';
import { z } from 'zod';
import { requireReadyAttachment } from '../get-attachment.ts';
import { type OpenedFile, requireStoredFile } from './stored-file.ts';

/** Opens an attachment or one of its variants; throws 409 until it is checked. */
export const downloadAttachment = defineAction({
  summary: 'Download an attachment',
  input: z.strictObject({
    id: idSchema('att'),
    variant: z.string().max(50).optional().describe('Name of a variant, such as `thumbnail`'),
  }),
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
