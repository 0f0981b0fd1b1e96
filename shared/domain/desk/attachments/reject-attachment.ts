import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { and, ne } from 'drizzle-orm';
import { emitProcessed } from './emit-processed.ts';
import { attachments } from './tables.ts';

/** Rejects an attachment permanently and emits `attachment.rejected`. */
export async function rejectAttachment(
  ctx: TenantContext,
  id: Id<'att'>,
  rejection: string,
): Promise<void> {
  const [changed] = await ctx.tx
    .update(attachments)
    .set({ status: 'rejected', variants: [], rejection, quarantined: false })
    .where(
      and(matches(attachments, { tenantId: ctx.tenantId, id }), ne(attachments.status, 'rejected')),
    )
    .returning();
  if (changed) await emitProcessed(ctx, changed);
}
