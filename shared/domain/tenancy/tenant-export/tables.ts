import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { bigint, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** Archives of all data of an organization; the bytes are in storage, in parts. */
export const tenantExports = pgTable(
  'tenant_exports',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'exp').notNull(),
    requestedBy: typeId('requested_by', 'usr').notNull(),
    parts: integer('parts').notNull().default(0),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull().default(0),
    sha256: text('sha256'),
    expiresAt: instant('expires_at').notNull(),
    readyAt: instant('ready_at'),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
);
