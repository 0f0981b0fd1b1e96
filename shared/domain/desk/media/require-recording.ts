import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { requireAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { and, eq } from 'drizzle-orm';
import { mediaFiles } from './tables.ts';

/** An attachment that the caller may see, and how far the work on it is; throws 404. */
export async function requireMedia(ctx: MemberTenantContext, id: Id<'att'>) {
  const mine = and(eq(mediaFiles.tenantId, ctx.tenantId), eq(mediaFiles.attachmentId, id));
  const [attachment, [recording]] = await Promise.all([
    requireAttachment(ctx, id),
    ctx.tx.select().from(mediaFiles).where(mine).execute(),
  ]);
  return { attachment, recording };
}
