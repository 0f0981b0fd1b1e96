import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { createUpload, uploadFields } from './create-upload.ts';

const OPEN_SECONDS = 24 * 60 * 60;

/** Begins an upload that may be cut and gone on with for a day. */
export const createResumableUpload = defineAction({
  summary: 'Begin a resumable upload',
  input: z.strictObject({
    ...uploadFields,
    metadata: z.record(z.string().max(100), z.string().max(1_000).nullable()),
    /** Who holds it from the start; see `lockUpload`. */
    holder: z.uuid(),
  }),
  output: z.object({ id: idSchema('att') }),
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { holder, ...begun }) {
    const kind = 'resumable' as const;
    const wanted = { ...begun, kind, lockedBy: holder, forSeconds: OPEN_SECONDS };
    const { id } = await createUpload(ctx, wanted);
    return { id };
  },
});
