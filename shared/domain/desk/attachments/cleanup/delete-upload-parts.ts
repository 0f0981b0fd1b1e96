import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { uploads } from '../tables.ts';
import { deletePartFiles } from './delete-stored-files.ts';

/** Deletes the upload of an attachment that was rejected, with the files of its parts. */
export async function deleteUploadParts(
  ctx: Context,
  { tenantId, id }: { tenantId: Id<'org'>; id: Id<'att'> },
): Promise<void> {
  const deleted = await withTenant(ctx, ({ tx }) =>
    tx.delete(uploads).where(matches(uploads, { tenantId, id })).returning({ id: uploads.id }),
  );
  if (deleted.length > 0) await deletePartFiles(ctx, { tenantId, id });
}
