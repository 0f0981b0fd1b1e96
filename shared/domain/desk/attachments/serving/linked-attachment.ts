import { type Context, readTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { AttachmentErrors } from '../errors.ts';
import { attachments } from '../tables.ts';
import type { AttachmentRow } from '../view.ts';

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
