import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { isUploadPart, storageKey } from '../storage-key.ts';

interface Owner {
  tenantId: Id<'org'>;
  id: Id<'att'>;
}

type Keeps = Pick<Context, 'files'>;

/** Removes everything that is kept of an attachment; what has gone already is fine. */
export const deleteAttachmentFiles = (ctx: Keeps, owner: Owner): Promise<void> =>
  deleteThose(ctx, owner, () => true);

/** Removes what an attachment was made of. */
export const deletePartFiles = (ctx: Keeps, owner: Owner): Promise<void> =>
  deleteThose(ctx, owner, isUploadPart);

async function deleteThose(
  { files: { storage } }: Keeps,
  { tenantId, id }: Owner,
  isMeant: (variant: string) => boolean,
): Promise<void> {
  const folder = storageKey(tenantId, id, '');
  for await (const { key } of storage.list(folder)) {
    if (isMeant(key.slice(folder.length))) await storage.delete(key);
  }
}
