import { createdAt, instant, tenantId } from '@insightdesk/shared/database';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** One row per e-mail handed to the outside world, so that a rerun does not send it twice. */
export const deliveries = pgTable(
  'deliveries',
  {
    tenantId: tenantId(),
    key: text('key').notNull(),
    recipient: text('recipient').notNull(),
    createdAt: createdAt(),
    sentAt: instant('sent_at'),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.key] })],
);
