import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { exportFolder } from './export-folder.ts';
import { exportsOfAll } from './tables.ts';

/** Removes an archive and its bytes. */
export async function removeArchive(
  ctx: Context & { tenantId: Id<'org'> },
  { exportId }: { exportId: Id<'exp'> },
): Promise<void> {
  const { storage, tenantId } = ctx;
  for await (const { key } of storage.list(`${exportFolder(tenantId)}${exportId}/`)) {
    await storage.delete(key);
  }
  await withTenant(ctx, ({ tx }) =>
    tx
      .delete(exportsOfAll)
      .where(and(eq(exportsOfAll.tenantId, tenantId), eq(exportsOfAll.id, exportId))),
  );
}
