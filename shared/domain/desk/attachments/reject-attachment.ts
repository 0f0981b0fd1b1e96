import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { and, ne } from 'drizzle-orm';
import { attachmentReady, attachmentRejected } from './events.ts';
import { attachments } from './tables.ts';
import { type AttachmentRow, toAttachment } from './view.ts';

/** Emits `attachment.ready` or `attachment.rejected`, by the status of the row. */
export function emitProcessed(ctx: TenantContext, row: AttachmentRow) {
  const { conversationId, customerId, uploadedBy } = row;
  const event = row.status === 'ready' ? attachmentReady : attachmentRejected;
  const attachment = toAttachment(row, ctx.settings.publicUrl);
  return record(ctx, event, { conversationId, customerId, uploadedBy, attachment });
}

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
