import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, not, or, type SQL } from 'drizzle-orm';
import { AttachmentErrors } from './errors.ts';
import { attachments } from './tables.ts';

/** In quarantine: only its uploader knows of it, and nobody else is told. */
export const isHidden = ({ quarantined }: { quarantined: boolean }) => quarantined;

/** The same of rows, for one who asks. */
export const isVisibleTo = (userId: Id<'usr'> | SQL, { quarantined, uploadedBy } = attachments) =>
  or(not(quarantined), eq(uploadedBy, userId));

/** Staff sees everything; a customer its own uploads and what its conversations show it. */
export const visibleAttachments = ({
  tenantId,
  actor,
}: Pick<MemberTenantContext, 'tenantId' | 'actor'>) =>
  and(
    eq(attachments.tenantId, tenantId),
    isVisibleTo(actor.userId),
    actor.role === 'customer'
      ? or(eq(attachments.uploadedBy, actor.userId), eq(attachments.customerId, actor.userId))
      : undefined,
  );

/** One attachment that the caller may see; throws 404. */
export async function requireAttachment(ctx: MemberTenantContext, id: Id<'att'>) {
  const [row] = await ctx.tx
    .select()
    .from(attachments)
    .where(and(visibleAttachments(ctx), eq(attachments.id, id)))
    .execute();
  if (!row) throw AttachmentErrors.NotFound();
  return row;
}

/** One attachment whose bytes the caller may have; throws 404, and 409 before it is ready. */
export async function requireReadyAttachment(ctx: MemberTenantContext, id: Id<'att'>) {
  const row = await requireAttachment(ctx, id);
  if (row.status === 'pending') throw AttachmentErrors.Pending();
  if (row.status === 'rejected') throw AttachmentErrors.Rejected();
  return row;
}
