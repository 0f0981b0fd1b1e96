import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { createUpload, uploadFields } from './create-upload.ts';

const EXPIRES_IN_SECONDS = 24 * 60 * 60;

/** Creates an upload that can be interrupted and continued for a day. */
export const createResumableUpload = defineAction({
  summary: 'Create a resumable upload',
  input: z.strictObject({
    ...uploadFields,
    metadata: z.record(z.string().max(100), z.string().max(1_000).nullable()),
    /** The first holder of its lock; see `lockUpload`. */
    holder: z.uuid(),
  }),
  output: z.object({ id: idSchema('att') }),
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { holder, ...fields }) {
    const upload = { ...fields, kind: 'resumable' as const, lockedBy: holder };
    const { id } = await createUpload(ctx, { ...upload, expiresInSeconds: EXPIRES_IN_SECONDS });
    return { id };
  },
});
