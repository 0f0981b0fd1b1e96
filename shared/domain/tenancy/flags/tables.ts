import { tenantId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** Flags with a value other than the default. */
export const flags = pgTable(
  'flags',
  {
    tenantId: tenantId().references(() => organizations.id),
    name: text('name').notNull(),
    value: jsonb('value').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.name] })],
);
