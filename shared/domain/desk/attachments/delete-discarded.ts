import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { clearDiscarded } from './cleanup/delete-queued-files.ts';

/** Removes the files of what its uploader took back or what was rejected; again changes nothing. */
export const deleteQueuedFiles = (
  ctx: Context & { tenantId: Id<'org'> },
  { attachmentId }: { attachmentId: Id<'att'> },
): Promise<void> => clearDiscarded(ctx, { tenantId: ctx.tenantId, id: attachmentId });
