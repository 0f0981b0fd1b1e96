import { createdAt, instant, tenantId } from '@insightdesk/shared/database';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** One row per email, so that a job that runs again does not send it twice. */
export const emailDeliveries = pgTable(
  'email_deliveries',
  {
    tenantId: tenantId(),
    key: text('key').notNull(),
    recipient: text('recipient').notNull(),
    createdAt: createdAt(),
    sentAt: instant('sent_at'),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.key] })],
);
