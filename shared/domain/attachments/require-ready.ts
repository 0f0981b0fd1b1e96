import type { UserContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { AttachmentErrors } from './errors.ts';
import { requireAttachment } from './visible.ts';

/** One attachment that the caller may see and open; throws 404, or 409 until it has been checked. */
export async function requireReady(ctx: UserContext, id: Id<'att'>) {
  const row = await requireAttachment(ctx, id);
  if (row.status === 'ready') return row;
  throw row.status === 'pending' ? AttachmentErrors.NotReady() : AttachmentErrors.Rejected();
}
