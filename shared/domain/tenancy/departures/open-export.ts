import { defineAction, withTenant } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { DepartureErrors } from './errors.ts';
import { exportDownloaded } from './events.ts';
import { partKey } from './export-folder.ts';
import { requireExport } from './require-export.ts';

/** An archive, ready to be streamed. */
export interface OpenedExport {
  name: string;
  sizeBytes: number;
  stream(): AsyncGenerator<Uint8Array>;
}

/** Opens an archive's bytes; whoever fetches it stands in the audit log. */
export const openExport = defineAction({
  summary: 'Download an export of the organisation',
  input: z.strictObject({ id: idSchema('exp') }),
  output: z.custom<OpenedExport>(),
  allow: 'organization:export',
  transaction: 'own',
  async run(ctx, { id }) {
    const { tenantId, storage } = ctx;
    const row = await withTenant(ctx, async (tenant) => {
      const found = await requireExport(tenant, id);
      if (!found.readyAt) throw DepartureErrors.NotReady();
      await record(tenant, exportDownloaded, { exportId: id });
      return found;
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
