import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { STAGED, storageKey } from '../storage-key.ts';
import { createUpload, uploadFields } from './create-upload.ts';

const URL_SECONDS = 60 * 60;

/** Creates a signed URL to which the caller uploads a file, bypassing the API; see `completeDirectUpload`. */
export const createDirectUpload = defineAction({
  summary: 'Create a direct upload to storage',
  input: z.strictObject({ ...uploadFields, contentType: z.string().max(200).optional() }),
  output: z
    .object({
      id: idSchema('att'),
      url: z.string().describe('Where to send the file; the URL itself is the authorization'),
      method: z.enum(['PUT', 'POST']),
      headers: z.record(z.string(), z.string()).describe('Send these headers unchanged'),
      fields: z
        .record(z.string(), z.string())
        .optional()
        .describe('Form fields of a POST, to send before its part `file`'),
      expiresAt: z.iso.datetime(),
    })
    .meta({ id: 'DirectUpload' }),
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { name, sizeBytes, sha256, contentType = 'application/octet-stream' }) {
    const upload = { kind: 'direct' as const, name, sizeBytes, sha256 };
    const { id } = await createUpload(ctx, { ...upload, expiresInSeconds: 2 * URL_SECONDS });
    const expiresAt = new Date(Date.now() + URL_SECONDS * 1_000).toISOString();
    const target = await ctx.files.storage.signUpload(storageKey(ctx.tenantId, id, STAGED), {
      expiresInSeconds: URL_SECONDS,
      contentType,
      sizeBytes,
    });
    return { id, ...target, expiresAt };
  },
});
