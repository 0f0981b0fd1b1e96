import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { STAGED, storageKey } from '../storage-key.ts';
import { createUpload, uploadFields } from './create-upload.ts';

const URL_SECONDS = 60 * 60;

/** Lets the caller send a file to where it is kept, past the API; to be completed afterwards. */
export const createDirectUpload = defineAction({
  summary: 'Begin an upload straight to storage',
  input: z.strictObject({ ...uploadFields, contentType: z.string().max(200).optional() }),
  output: z.object({
    id: idSchema('att'),
    url: z.string().describe('Where to send the file; whoever has it may do so until it expires'),
    method: z.enum(['PUT', 'POST']),
    headers: z.record(z.string(), z.string()).describe('To be sent exactly so'),
    fields: z
      .record(z.string(), z.string())
      .optional()
      .describe('Of the form to POST, before its part `file`'),
    expiresAt: z.iso.datetime(),
  }),
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { name, sizeBytes, sha256, contentType = 'application/octet-stream' }) {
    const forSeconds = 2 * URL_SECONDS;
    const { id } = await createUpload(ctx, { kind: 'direct', name, sizeBytes, sha256, forSeconds });
    const expiresAt = new Date(Date.now() + URL_SECONDS * 1_000).toISOString();
    const target = await ctx.files.storage.signUpload(storageKey(ctx.tenantId, id, STAGED), {
      expiresInSeconds: URL_SECONDS,
      contentType,
      sizeBytes,
    });
    return { id, ...target, expiresAt };
  },
});
