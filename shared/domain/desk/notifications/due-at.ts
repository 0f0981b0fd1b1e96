import type {
  NotificationKind,
  Preferences,
} from '@insightdesk/shared/domain/identity/preferences';
import { nextTimeOfDay } from '@insightdesk/shared/utils';

const DEFAULT_DIGEST_TIME = '09:00';
const MINUTE_MS = 60_000;

/** When an email about a message is due that arrives now; undefined if the user wants none. */
export function dueAt(
  { notifications, workHoursStart, timezone }: Preferences,
  { kind, timeZone, now }: { kind: NotificationKind; timeZone: string | null; now: Date },
): Date | undefined {
  const mode = notifications[kind].email;
  if (mode === 'off') return undefined;
  if (mode === 'delayed') return new Date(now.getTime() + notifications.delayMinutes * MINUTE_MS);
  const time = workHoursStart ?? DEFAULT_DIGEST_TIME;
  return nextTimeOfDay(now, time, timezone ?? timeZone ?? 'UTC');
}
