import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { RecordingErrors } from './errors.ts';
import { isRecording } from './is-recording.ts';
import { requireRecording } from './require-recording.ts';

/** A recording that the caller may decide on: staff on each, a customer on its own; throws 404. */
export async function requireOwn(ctx: MemberTenantContext, id: Id<'att'>) {
  const found = await requireRecording(ctx, id);
  const { role, userId } = ctx.actor;
  if (!isRecording(found.attachment.contentType)) throw RecordingErrors.NotFound();
  if (role === 'customer' && found.attachment.uploadedBy !== userId) {
    throw RecordingErrors.NotFound();
  }
  return found;
}
