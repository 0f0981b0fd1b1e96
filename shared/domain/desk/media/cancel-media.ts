import { defineAction, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { RecordingErrors } from './errors.ts';
import { requireOwn } from './require-own.ts';
import { recordings } from './tables.ts';
import { recordingView, toRecording } from './view.ts';

/** Ends the work on a video or a sound, also while it waits; what was made of it so far goes. */
export const cancelRecording = defineAction({
  summary: 'End the work on a video or a sound',
  input: z.strictObject({ id: idSchema('att') }),
  output: recordingView,
  allow: 'attachments:upload',
  transaction: 'own',
  async run(ctx, { id }) {
    const { tenantId } = ctx;
    const row = await withTenant(ctx, async (tenant) => {
      const { recording } = await requireOwn(tenant, id);
      if (recording?.endedAt) throw RecordingErrors.Ended();
      const cancelled = { status: 'cancelled' as const, reason: null, endedAt: new Date() };
      const [changed] = await tenant.tx
        .insert(recordings)
        .values({ tenantId, attachmentId: id, ...cancelled })
        .onConflictDoUpdate({
          target: [recordings.tenantId, recordings.attachmentId],
          set: cancelled,
        })
        .returning();
      return changed;
    });
    // The row is what counts; this ends at once what would notice later.
    if (row?.jobId) await ctx.jobs.cancel(tenantId, row.jobId, ctx.actor.userId).catch(() => {});
    return toRecording(id, row);
  },
});
