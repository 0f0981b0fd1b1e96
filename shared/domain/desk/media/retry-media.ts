import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import { RecordingErrors } from './errors.ts';
import { recordingRequested } from './events.ts';
import { requireOwn } from './require-own.ts';
import { recordings } from './tables.ts';
import { recordingView, toRecording } from './view.ts';

/** Has what failed or was cancelled tried again. */
export const requestRecording = defineAction({
  summary: 'Work on a video or a sound again that failed',
  input: z.strictObject({ id: idSchema('att') }),
  output: recordingView,
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { id }) {
    await requireOwn(ctx, id);
    const again = { status: 'waiting' as const, reason: null, endedAt: null, attempts: 0 };
    const [row] = await ctx.tx
      .update(recordings)
      .set({ ...again, jobId: null })
      .where(
        and(
          eq(recordings.tenantId, ctx.tenantId),
          eq(recordings.attachmentId, id),
          inArray(recordings.status, ['failed', 'cancelled']),
        ),
      )
      .returning();
    if (!row) throw RecordingErrors.NotEnded();
    await record(ctx, recordingRequested, { attachmentId: id });
    return toRecording(id, row);
  },
});
