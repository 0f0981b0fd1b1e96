import { instant, tenantId, typeId } from '@insightdesk/shared/database';
import { members } from '@insightdesk/shared/domain/identity/users';
import { foreignKey, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** The preferences of a member in an organization; without a row the defaults apply. */
export const preferences = pgTable(
  'preferences',
  {
    tenantId: tenantId(),
    userId: typeId('user_id', 'usr').notNull(),
    timezone: text('timezone'),
    locale: text('locale'),
    /** `HH:MM` in the time zone of the member. */
    workHoursStart: text('work_hours_start'),
    workHoursEnd: text('work_hours_end'),
    /** ISO 8601 days of the week: 1 is Monday. */
    workDays: integer('work_days').array(),
    /** By kind of notification and channel; what is missing has its default. */
    notifications: jsonb('notifications').$type<Record<string, unknown>>().notNull().default({}),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.userId] }),
    foreignKey({
      columns: [t.tenantId, t.userId],
      foreignColumns: [members.tenantId, members.userId],
      name: 'preferences_member_fk',
    }).onDelete('cascade'),
  ],
);
