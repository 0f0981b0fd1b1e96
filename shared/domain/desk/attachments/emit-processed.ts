import type { TenantContext } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { attachmentReady, attachmentRejected } from './events.ts';
import { type AttachmentRow, toAttachment } from './view.ts';

/** Emits `attachment.ready` or `attachment.rejected`, by the status of the row. */
export function emitProcessed(ctx: TenantContext, row: AttachmentRow) {
  const { conversationId, customerId, uploadedBy } = row;
  const event = row.status === 'ready' ? attachmentReady : attachmentRejected;
  const attachment = toAttachment(row, ctx.settings.publicUrl);
  return record(ctx, event, { conversationId, customerId, uploadedBy, attachment });
}
