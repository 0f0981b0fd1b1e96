import {
  type Context,
  defineAction,
  type MemberTenantContext,
  readTenant,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { visibleAttachments } from './attachment-visibility.ts';
import { AttachmentErrors } from './errors.ts';
import { attachments } from './tables.ts';
import { type AttachmentRow, attachmentView, toAttachment } from './view.ts';

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

/** The attachment of a signed link, whose signature is the authorization; throws 404 unless it is ready. */
export async function requireLinkedAttachment(
  ctx: Context & { tenantId: Id<'org'> },
  { tenantId, id }: { tenantId: Id<'org'>; id: Id<'att'> },
): Promise<AttachmentRow> {
  const [row] = await readTenant(ctx, ({ tx }) =>
    tx.select().from(attachments).where(matches(attachments, { tenantId, id })).execute(),
  );
  if (row?.status !== 'ready') throw AttachmentErrors.NotFound();
  return row;
}
