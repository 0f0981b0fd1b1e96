import {
  defineAction,
  languageTag,
  type TenantContext,
  timeZone,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { lockUntilCommit, matches } from '@insightdesk/shared/database';
import { z } from 'zod';
import {
  applyChanges,
  type NotificationChanges,
  notificationChanges,
} from './notification-preferences.ts';
import { preferences } from './tables.ts';
import { type Preferences, preferencesView, timeOfDay, toPreferences } from './view.ts';

const workDays = z
  .array(z.int().min(1).max(7))
  .max(7)
  .refine((days) => new Set(days).size === days.length, 'Must not repeat a day')
  .transform((days) => days.toSorted());

export const updatePreferences = defineAction({
  summary: 'Update your preferences in this organization; null resets a value',
  input: z.strictObject({
    timezone: timeZone().nullable().optional(),
    locale: languageTag().nullable().optional(),
    workHoursStart: timeOfDay.nullable().optional(),
    workHoursEnd: timeOfDay.nullable().optional(),
    workDays: workDays.nullable().optional(),
    notifications: notificationChanges.optional(),
  }),
  output: preferencesView,
  allow: 'account:manage',
  allowsProviderSession: true,
  transaction: 'write',
  run: (ctx, changes) => writePreferences(ctx, ctx.actor.userId, changes),
});

interface PreferenceChanges
  extends Partial<
    Pick<
      typeof preferences.$inferInsert,
      'timezone' | 'locale' | 'workHoursStart' | 'workHoursEnd' | 'workDays'
    >
  > {
  notifications?: NotificationChanges | undefined;
}

/** Updates preferences of a member without a permission check; the values are valid. */
export async function writePreferences(
  { tx, tenantId }: Pick<TenantContext, 'tx' | 'tenantId'>,
  userId: Id<'usr'>,
  { notifications, ...changes }: PreferenceChanges,
): Promise<Preferences> {
  // Concurrent changes of different kinds must not undo each other.
  await lockUntilCommit(tx, `preferences ${tenantId} ${userId}`);
  const [before] = await tx
    .select()
    .from(preferences)
    .where(matches(preferences, { tenantId, userId }));
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const values = {
    ...Object.fromEntries(given),
    notifications: applyChanges(before?.notifications ?? {}, notifications ?? {}),
    updatedAt: new Date(),
  };
  const [row] = await tx
    .insert(preferences)
    .values({ tenantId, userId, ...values })
    .onConflictDoUpdate({ target: [preferences.tenantId, preferences.userId], set: values })
    .returning();
  return toPreferences(row);
}
