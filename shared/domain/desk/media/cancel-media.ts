import { defineAction, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { MediaErrors } from './errors.ts';
import { requireManageableMedia } from './get-media.ts';
import { mediaProcessing } from './tables.ts';
import { mediaView, toMedia } from './view.ts';

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
