import { z } from 'zod';
import { notificationsView, withDefaults } from './notification-preferences.ts';
import type { preferences } from './tables.ts';

type PreferencesRow = typeof preferences.$inferSelect;

/** ISO 8601: 1 is Monday. */
const DEFAULT_WORK_DAYS = [1, 2, 3, 4, 5];

export const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Must be a time such as 09:00');

export const preferencesView = z
  .object({
    timezone: z.string().nullable().describe('An IANA time zone; null: UTC'),
    locale: z.string().nullable().describe('A BCP 47 language tag; null: English'),
    workHoursStart: timeOfDay
      .nullable()
      .describe('In your time zone; a daily email is sent at this time, or at 09:00'),
    workHoursEnd: timeOfDay.nullable(),
    workDays: z.array(z.int().min(1).max(7)).describe('ISO 8601: 1 is Monday'),
    notifications: notificationsView,
  })
  .meta({ id: 'Preferences' });

/** The preferences of a user; without a row the defaults. */
export const toPreferences = (row: Partial<PreferencesRow> = {}) => ({
  timezone: row.timezone ?? null,
  locale: row.locale ?? null,
  workHoursStart: row.workHoursStart ?? null,
  workHoursEnd: row.workHoursEnd ?? null,
  workDays: row.workDays ?? DEFAULT_WORK_DAYS,
  notifications: withDefaults(row.notifications),
});

/** The preferences of a member, with defaults. */
export type Preferences = ReturnType<typeof toPreferences>;
