import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { attachmentView, toAttachment } from './view.ts';
import { requireAttachment } from './attachment-visibility.ts';

/** What an upload has become. */
export const getAttachment = defineAction({
  summary: "Get an attachment's metadata",
  input: z.strictObject({ id: idSchema('att') }),
  output: attachmentView,
  allow: 'attachments:read',
  transaction: 'read',
  async run(ctx, { id }) {
    return toAttachment(await requireAttachment(ctx, id), ctx.settings.publicUrl);
  },
});
