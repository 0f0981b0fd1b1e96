import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { exportPrefix } from './archive-keys.ts';
import { tenantExports } from './tables.ts';

/** Deletes an archive with its bytes. */
export async function deleteArchive(
  ctx: Context & { tenantId: Id<'org'> },
  { exportId }: { exportId: Id<'exp'> },
): Promise<void> {
  const {
    files: { storage },
    tenantId,
  } = ctx;
  for await (const { key } of storage.list(`${exportPrefix(tenantId)}${exportId}/`)) {
    await storage.delete(key);
  }
  await withTenant(ctx, ({ tx }) =>
    tx
      .delete(tenantExports)
      .where(and(eq(tenantExports.tenantId, tenantId), eq(tenantExports.id, exportId))),
  );
}
