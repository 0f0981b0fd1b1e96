import { createdAt, instant, typeId } from '@insightdesk/shared/database';
import { date, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { users } from '../tables.ts';

/** Links that were emailed, for one use each; their token is encrypted, not stored. */
export const emailLinks = pgTable(
  'email_links',
  {
    id: typeId('id', 'lnk').primaryKey(),
    purpose: text('purpose', { enum: ['verify', 'change', 'reset'] }).notNull(),
    /** Null when only the address was given; the account is found when the link is used. */
    userId: typeId('user_id', 'usr').references(() => users.id, { onDelete: 'cascade' }),
    email: text('email').notNull(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
    createdAt: createdAt(),
  },
  (t) => [
    index('email_links_user').on(t.userId),
    index('email_links_email').on(t.email),
    index('email_links_expires').on(t.expiresAt),
  ],
);

/** Uses of daily quotas; written by `app.consume_daily_quota` alone. */
export const dailyCounts = pgTable(
  'daily_counts',
  { key: text('key').notNull(), day: date('day').notNull(), count: integer('count').notNull() },
  (t) => [primaryKey({ columns: [t.key, t.day] }), index('daily_counts_day').on(t.day)],
);
