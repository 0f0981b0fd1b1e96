import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { storageKey } from './storage-key.ts';

/** Removes everything that is kept of an attachment; what has gone already is fine. */
export async function deleteFiles(
  { storage }: Pick<Context, 'storage'>,
  { tenantId, id }: { tenantId: Id<'org'>; id: Id<'att'> },
): Promise<void> {
  for await (const { key } of storage.list(storageKey(tenantId, id, ''))) await storage.delete(key);
}
