import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import type { mediaProcessing } from './tables.ts';

export const mediaView = z
  .object({
    attachmentId: idSchema('att'),
    status: z
      .enum(['none', 'waiting', 'working', 'ready', 'failed', 'cancelled'])
      .describe('`none` if the attachment is not a video or audio file'),
    reason: z
      .string()
      .nullable()
      .describe(
        'Why it waits (`MEDIA_TOOLS_MISSING`, `STORAGE_UNAVAILABLE`) or failed, such as `RECORDING_CORRUPT`',
      ),
    durationMs: z.int().nullable(),
    video: z
      .object({
        codec: z.string(),
        width: z.int().describe('As displayed'),
        height: z.int(),
        framesPerSecond: z.number(),
      })
      .nullable(),
    audio: z
      .object({
        codec: z.string(),
        channels: z.int(),
        sampleRate: z.int(),
        loudness: z.number().nullable().describe('Of the original file, in LUFS'),
      })
      .nullable(),
  })
  .meta({ id: 'Recording' });

type RecordingRow = typeof mediaProcessing.$inferSelect;

/** The public view of a processing row; without a row the file waits. */
export function toMedia(
  attachmentId: RecordingRow['attachmentId'],
  row: Pick<RecordingRow, 'status' | 'reason' | 'metadata' | 'loudness'> | undefined,
): z.input<typeof mediaView> {
  const { video, audio, durationMs } = row?.metadata ?? {};
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
