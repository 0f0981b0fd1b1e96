import { defineAction, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { and, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { partKey } from './create-archive.ts';
import { ExportErrors } from './errors.ts';
import { exportDownloaded } from './events.ts';
import { tenantExports } from './tables.ts';
import { exportView, toExport } from './view.ts';

export const getExport = defineAction({
  summary: 'Get an export of the organization',
  input: z.strictObject({ id: idSchema('exp') }),
  output: exportView,
  allow: 'organization:export',
  transaction: 'read',
  async run(ctx, { id }) {
    return toExport(await requireExport(ctx, id));
  },
});

/** An export of the organization that has not expired; throws 404. */
async function requireExport({ tx, tenantId }: TenantContext, id: Id<'exp'>) {
  const [row] = await tx
    .select()
    .from(tenantExports)
    .where(and(matches(tenantExports, { tenantId, id }), gt(tenantExports.expiresAt, sql`now()`)))
    .execute();
  if (!row) throw ExportErrors.NotFound();
  return row;
}

/** An archive as a stream. */
interface ExportDownload {
  name: string;
  sizeBytes: number;
  stream(): AsyncGenerator<Uint8Array>;
}

/** Streams an archive; each download is recorded in the audit log. */
export const downloadExport = defineAction({
  summary: 'Download an export of the organization',
  input: z.strictObject({ id: idSchema('exp') }),
  output: z.custom<ExportDownload>(),
  allow: 'organization:export',
  transaction: 'own',
  async run(ctx, { id }) {
    const { tenantId, files } = ctx;
    const { storage } = files;
    const row = await withTenant(ctx, async (tenant) => {
      const archive = await requireExport(tenant, id);
      if (!archive.readyAt) throw ExportErrors.NotReady();
      await record(tenant, exportDownloaded, { exportId: id });
      return archive;
    });
    return {
      name: `${tenantId}-${row.createdAt.toISOString().slice(0, 10)}.tar.gz`,
      sizeBytes: row.sizeBytes,
      async *stream() {
        for (let part = 0; part < row.parts; part++) {
          yield* await storage.download(partKey(tenantId, id, part));
        }
      },
    };
  },
});
