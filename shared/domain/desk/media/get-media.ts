import { defineAction, type MemberTenantContext } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { requireAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { z } from 'zod';
import { MediaErrors } from './errors.ts';
import { mediaProcessing } from './tables.ts';
import { mediaView, toMedia } from './view.ts';

/** Whether files of this type are converted. */
export const isVideoOrAudio = (contentType: string): boolean =>
  /^(video|audio)\//.test(contentType);

/** The processing status of a video or audio file; the results are variants of the attachment. */
export const getMedia = defineAction({
  summary: 'Get the processing status of a video or audio file',
  input: z.strictObject({ id: idSchema('att') }),
  output: mediaView,
  allow: 'attachments:read',
  transaction: 'read',
  async run(ctx, { id }) {
    const { attachment, processing } = await requireMedia(ctx, id);
    const media = toMedia(id, processing);
    return isVideoOrAudio(attachment.contentType) ? media : { ...media, status: 'none' as const };
  },
});

/** An attachment that the caller may see, with its processing row; throws 404. */
async function requireMedia(ctx: MemberTenantContext, id: Id<'att'>) {
  const isThis = matches(mediaProcessing, { tenantId: ctx.tenantId, attachmentId: id });
  const [attachment, [processing]] = await Promise.all([
    requireAttachment(ctx, id),
    ctx.tx.select().from(mediaProcessing).where(isThis).execute(),
  ]);
  return { attachment, processing };
}

/** A video or audio file that the caller may cancel or retry: staff any, a customer its own; throws 404. */
export async function requireManageableMedia(ctx: MemberTenantContext, id: Id<'att'>) {
  const found = await requireMedia(ctx, id);
  const { role, userId } = ctx.actor;
  if (!isVideoOrAudio(found.attachment.contentType)) throw MediaErrors.NotFound();
  if (role === 'customer' && found.attachment.uploadedBy !== userId) throw MediaErrors.NotFound();
  return found;
}
