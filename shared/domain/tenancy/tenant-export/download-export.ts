import { defineAction, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { partKey } from './create-archive.ts';
import { ExportErrors } from './errors.ts';
import { exportDownloaded } from './events.ts';
import { requireExport } from './get-export.ts';

/** An archive as a stream. */
export interface ExportDownload {
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
    const {
      tenantId,
      files: { storage },
    } = ctx;
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
