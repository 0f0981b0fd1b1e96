import type { MemberTenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import { visibleAttachments } from './attachment-visibility.ts';
import { AttachmentErrors } from './errors.ts';
import { emitProcessed } from './reject-attachment.ts';
import { attachments } from './tables.ts';
import { toAttachment } from './view.ts';

/** The message that an upload becomes part of. */
interface Destination {
  conversationId: Id<'cnv'>;
  messageId: Id<'msg'>;
  customerId: Id<'usr'> | null;
}

/** Attaches the caller's own, unclaimed uploads to a message; all of them or none. */
export async function claimAttachments(
  ctx: MemberTenantContext,
  ids: readonly Id<'att'>[],
  destination: Destination,
) {
  const uniqueIds = [...new Set(ids)];
  if (uniqueIds.length === 0) return [];
  const uuids = uniqueIds.map(toUuid);
  const rows = await ctx.tx
    .update(attachments)
    .set(destination)
    .where(
      and(
        visibleAttachments(ctx),
        sql`${attachments.id} = any(${sql.param(uuids)}::uuid[])`,
        eq(attachments.uploadedBy, ctx.actor.userId),
        isNull(attachments.messageId),
        ne(attachments.status, 'rejected'),
      ),
    )
    .returning();
  if (rows.length !== uniqueIds.length) throw AttachmentErrors.NotAvailable();
  return uniqueIds.map((id) => {
    const row = rows.find((candidate) => candidate.id === id);
    if (!row) throw AttachmentErrors.NotAvailable();
    return {
      view: toAttachment(row, ctx.settings.publicUrl),
      /** Visible to its uploader only until it is checked. */
      quarantined: row.quarantined,
      /** Emits `attachment.ready` to those who see the message, if it was processed before. */
      emitIfReady: async () => {
        if (row.status === 'ready' && row.variants.length > 0) await emitProcessed(ctx, row);
      },
    };
  });
}
