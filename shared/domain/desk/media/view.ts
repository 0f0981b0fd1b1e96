import { idSchema } from '@insightdesk/shared/contract';
import type { InferSelectModel } from 'drizzle-orm';
import { z } from 'zod';
import type { mediaFiles } from './tables.ts';

export const mediaView = z.object({
  attachmentId: idSchema('att'),
  status: z
    .enum(['none', 'waiting', 'working', 'ready', 'failed', 'cancelled'])
    .describe('`none` of what is no video and no sound'),
  reason: z
    .string()
    .nullable()
    .describe(
      'Why it waits (`MEDIA_TOOLS_MISSING`, `STORAGE_UNAVAILABLE`) or has failed, such as `RECORDING_CORRUPT`',
    ),
  durationMs: z.int().nullable(),
  video: z
    .object({
      codec: z.string(),
      width: z.int().describe('As it is looked at'),
      height: z.int(),
      framesPerSecond: z.number(),
    })
    .nullable(),
  audio: z
    .object({
      codec: z.string(),
      channels: z.int(),
      sampleRate: z.int(),
      loudness: z.number().nullable().describe('Of the original, in LUFS'),
    })
    .nullable(),
});

type RecordingRow = InferSelectModel<typeof mediaFiles>;

/** What those who may see an attachment see of the work on it; nothing is known of it at first. */
export function toMedia(
  attachmentId: RecordingRow['attachmentId'],
  row: Pick<RecordingRow, 'status' | 'reason' | 'facts' | 'loudness'> | undefined,
): z.input<typeof mediaView> {
  const { video, audio, durationMs } = row?.facts ?? {};
  return {
    attachmentId,
    status: row?.status ?? 'waiting',
    reason: row?.reason ?? null,
    durationMs: durationMs ?? null,
    video: video
      ? {
          codec: video.codec,
          width: video.width,
          height: video.height,
          framesPerSecond: video.framesPerSecond,
        }
      : null,
    audio: audio ? { ...audio, loudness: row?.loudness?.integrated ?? null } : null,
  };
}
