import { defineAction, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { MediaErrors } from './errors.ts';
import { requireOwnMedia } from './require-own.ts';
import { mediaFiles } from './tables.ts';
import { mediaView, toMedia } from './view.ts';

/** Ends the work on a video or a sound, also while it waits; what was made of it so far goes. */
export const cancelMedia = defineAction({
  summary: 'End the work on a video or a sound',
  input: z.strictObject({ id: idSchema('att') }),
  output: mediaView,
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { id }) {
    const { tenantId } = ctx;
    const row = await withTenant(ctx, async (tenant) => {
      const { recording } = await requireOwnMedia(tenant, id);
      if (recording?.endedAt) throw MediaErrors.Ended();
      const cancelled = { status: 'cancelled' as const, reason: null, endedAt: new Date() };
      const [changed] = await tenant.tx
        .insert(mediaFiles)
        .values({ tenantId, attachmentId: id, ...cancelled })
        .onConflictDoUpdate({
          target: [mediaFiles.tenantId, mediaFiles.attachmentId],
          set: cancelled,
        })
        .returning();
      return changed;
    });
    // The row is what counts; this ends at once what would notice later.
    if (row?.jobId) await ctx.jobs.cancel(tenantId, row.jobId, ctx.actor.userId).catch(() => {});
    return toMedia(id, row);
  },
});
