import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { and, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import { MediaErrors } from './errors.ts';
import { mediaRequested } from './events.ts';
import { requireOwnMedia } from './require-own.ts';
import { mediaFiles } from './tables.ts';
import { mediaView, toMedia } from './view.ts';

/** Has what failed or was cancelled tried again. */
export const retryMedia = defineAction({
  summary: 'Work on a video or a sound again that failed',
  input: z.strictObject({ id: idSchema('att') }),
  output: mediaView,
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { id }) {
    await requireOwnMedia(ctx, id);
    const again = { status: 'waiting' as const, reason: null, endedAt: null, attempts: 0 };
    const [row] = await ctx.tx
      .update(mediaFiles)
      .set({ ...again, jobId: null })
      .where(
        and(
          eq(mediaFiles.tenantId, ctx.tenantId),
          eq(mediaFiles.attachmentId, id),
          inArray(mediaFiles.status, ['failed', 'cancelled']),
        ),
      )
      .returning();
    if (!row) throw MediaErrors.NotEnded();
    await record(ctx, mediaRequested, { attachmentId: id });
    return toMedia(id, row);
  },
});
