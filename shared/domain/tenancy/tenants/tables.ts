import type { QuotaName } from '@insightdesk/shared/context';
import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { bigint, boolean, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

export const staffNames = ['full', 'first', 'team'] as const;

export const organizations = pgTable('organizations', {
  id: typeId('id', 'org').primaryKey(),
  name: text('name').notNull(),
  conversationCount: integer('conversation_count').notNull().default(0),
  /** While set, no member has access; data and jobs stay. */
  disabledAt: instant('disabled_at'),
  /** Sessions without a second factor can only set one up. */
  requireTwoFactor: boolean('require_two_factor').notNull().default(false),
  /** How customers see the names of staff. */
  staffNames: text('staff_names', { enum: staffNames }).notNull().default('full'),
  /** Shown in place of names of staff; without one the name of the organization. */
  teamName: text('team_name'),
  /** Whether customers sign in with a code that is emailed to them. */
  emailCodeSignIn: boolean('email_code_sign_in').notNull().default(false),
  /** Whether visitors may write without identifying themselves. */
  anonymousVisitors: boolean('anonymous_visitors').notNull().default(false),
  /** Whether closed conversations can be opened again. */
  allowReopening: boolean('allow_reopening').notNull().default(false),
  /** When the organization is deleted, unless an owner cancels it. */
  deleteAt: instant('delete_at'),
  deletionRequestedBy: typeId('deletion_requested_by', 'usr'),
  createdAt: createdAt(),
});

/** Quotas that operators set in place of the configured defaults; 0: unlimited. */
export const quotas = pgTable(
  'quotas',
  {
    tenantId: tenantId().references(() => organizations.id),
    metric: text('metric').$type<QuotaName>().notNull(),
    value: bigint('value', { mode: 'number' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.metric] })],
);
