import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { isRecording } from './is-recording.ts';
import { requireRecording } from './require-recording.ts';
import { recordingView, toRecording } from './view.ts';

/** How the work on a video or a sound goes; what was made of it is among the attachment's variants. */
export const getRecording = defineAction({
  summary: 'How the work on a video or a sound goes',
  input: z.strictObject({ id: idSchema('att') }),
  output: recordingView,
  allow: 'attachments:read',
  transaction: 'read',
  async run(ctx, { id }) {
    const { attachment, recording } = await requireRecording(ctx, id);
    const seen = toRecording(id, recording);
    return isRecording(attachment.contentType) ? seen : { ...seen, status: 'none' as const };
  },
});
