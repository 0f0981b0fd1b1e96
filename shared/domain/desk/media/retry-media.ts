import { defineAction, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { and, inArray } from 'drizzle-orm';
import { z } from 'zod';
import { MediaErrors } from './errors.ts';
import { mediaRequested } from './events.ts';
import { requireManageableMedia } from './get-media.ts';
import { mediaProcessing } from './tables.ts';
import { mediaView, toMedia } from './view.ts';

/** Retries processing that failed or was cancelled. */
export const retryMedia = defineAction({
  summary: 'Retry the processing of a video or audio file',
  input: z.strictObject({ id: idSchema('att') }),
  output: mediaView,
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { id }) {
    await requireManageableMedia(ctx, id);
    const initial = { status: 'waiting' as const, reason: null, endedAt: null, attempts: 0 };
    const [row] = await ctx.tx
      .update(mediaProcessing)
      .set({ ...initial, jobId: null })
      .where(
        and(
          matches(mediaProcessing, { tenantId: ctx.tenantId, attachmentId: id }),
          inArray(mediaProcessing.status, ['failed', 'cancelled']),
        ),
      )
      .returning();
    if (!row) throw MediaErrors.NotEnded();
    await record(ctx, mediaRequested, { attachmentId: id });
    return toMedia(id, row);
  },
});

/** Cancels processing, waiting or running; files that were converted so far are deleted. */
export const cancelMedia = defineAction({
  summary: 'Cancel the processing of a video or audio file',
  input: z.strictObject({ id: idSchema('att') }),
  output: mediaView,
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { id }) {
    const { tenantId } = ctx;
    const row = await withTenant(ctx, async (tenant) => {
      const { processing } = await requireManageableMedia(tenant, id);
      if (processing?.endedAt) throw MediaErrors.Ended();
      const cancelled = { status: 'cancelled' as const, reason: null, endedAt: new Date() };
      const [updated] = await tenant.tx
        .insert(mediaProcessing)
        .values({ tenantId, attachmentId: id, ...cancelled })
        .onConflictDoUpdate({
          target: [mediaProcessing.tenantId, mediaProcessing.attachmentId],
          set: cancelled,
        })
        .returning();
      return updated;
    });
    // The row decides; cancelling the job only ends it earlier.
    if (row?.jobId) await ctx.jobs.cancel(tenantId, row.jobId, ctx.actor.userId).catch(() => {});
    return toMedia(id, row);
  },
});
