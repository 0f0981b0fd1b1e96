import { defineAction, type MemberTenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { visibleAttachments } from './attachment-visibility.ts';
import { AttachmentErrors } from './errors.ts';
import { attachments } from './tables.ts';
import { attachmentView, toAttachment } from './view.ts';

export const getAttachment = defineAction({
  summary: 'Get an attachment',
  input: z.strictObject({ id: idSchema('att') }),
  output: attachmentView,
  allow: 'attachments:read',
  transaction: 'read',
  async run(ctx, { id }) {
    return toAttachment(await requireAttachment(ctx, id), ctx.settings.publicUrl);
  },
});

/** An attachment that the caller may see; throws 404. */
export async function requireAttachment(ctx: MemberTenantContext, id: Id<'att'>) {
  const [row] = await ctx.tx
    .select()
    .from(attachments)
    .where(and(visibleAttachments(ctx), eq(attachments.id, id)))
    .execute();
  if (!row) throw AttachmentErrors.NotFound();
  return row;
}

/** An attachment whose bytes the caller may download; throws 404, and 409 before it is ready. */
export async function requireReadyAttachment(ctx: MemberTenantContext, id: Id<'att'>) {
  const row = await requireAttachment(ctx, id);
  if (row.status === 'pending') throw AttachmentErrors.Pending();
  if (row.status === 'rejected') throw AttachmentErrors.Rejected();
  return row;
}
