/** Preferences of members: time zone, language, working hours and notifications. */
export { getPreferences } from './get-preferences.ts';
export {
  type EmailMode,
  type NotificationKind,
  type Notifications,
  notificationKinds,
} from './notification-preferences.ts';
export { listPreferences, readPreferences } from './read-preferences.ts';
export { preferences } from './tables.ts';
export { updatePreferences, writePreferences } from './update-preferences.ts';
export type { Preferences } from './view.ts';
