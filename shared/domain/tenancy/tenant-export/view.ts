import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import type { tenantExports } from './tables.ts';

type ExportRow = typeof tenantExports.$inferSelect;

export const exportView = z
  .object({
    id: idSchema('exp'),
    status: z.enum(['pending', 'ready']),
    sizeBytes: z.int(),
    sha256: z.string().nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Export' });

export const toExport = (row: ExportRow) => ({
  id: row.id,
  status: row.readyAt ? ('ready' as const) : ('pending' as const),
  sizeBytes: row.sizeBytes,
  sha256: row.sha256,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
});
