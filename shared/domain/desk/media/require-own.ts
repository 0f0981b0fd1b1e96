import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { MediaErrors } from './errors.ts';
import { isVideoOrAudio } from './is-recording.ts';
import { requireMedia } from './require-recording.ts';

/** A recording that the caller may decide on: staff on each, a customer on its own; throws 404. */
export async function requireOwnMedia(ctx: MemberTenantContext, id: Id<'att'>) {
  const found = await requireMedia(ctx, id);
  const { role, userId } = ctx.actor;
  if (!isVideoOrAudio(found.attachment.contentType)) throw MediaErrors.NotFound();
  if (role === 'customer' && found.attachment.uploadedBy !== userId) {
    throw MediaErrors.NotFound();
  }
  return found;
}
