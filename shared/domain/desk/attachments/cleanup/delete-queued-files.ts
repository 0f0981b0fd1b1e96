import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';
import { deleteAttachmentFiles } from './delete-stored-files.ts';

/** Removes the files of an attachment that is gone or was rejected for good, then what remembers it. */
export async function clearDiscarded(
  ctx: Context,
  gone: { tenantId: Id<'org'>; id: Id<'att'> },
): Promise<void> {
  await deleteAttachmentFiles(ctx, gone);
  await ctx.database.write('system', (tx) =>
    tx.execute(sql`delete from discarded_attachments
      where tenant_id = ${toUuid(gone.tenantId)}::uuid and id = ${toUuid(gone.id)}::uuid`),
  );
}
