import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { isVideoOrAudio } from './is-recording.ts';
import { requireMedia } from './require-recording.ts';
import { mediaView, toMedia } from './view.ts';

/** How the work on a video or a sound goes; what was made of it is among the attachment's variants. */
export const getMedia = defineAction({
  summary: 'How the work on a video or a sound goes',
  input: z.strictObject({ id: idSchema('att') }),
  output: mediaView,
  allow: 'attachments:read',
  transaction: 'read',
  async run(ctx, { id }) {
    const { attachment, recording } = await requireMedia(ctx, id);
    const seen = toMedia(id, recording);
    return isVideoOrAudio(attachment.contentType) ? seen : { ...seen, status: 'none' as const };
  },
});
