import type {
  NotificationKind,
  Preferences,
} from '@insightdesk/shared/domain/identity/preferences';

const DEFAULT_DIGEST_TIME = '09:00';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

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

/** The next time that a clock in the time zone shows `HH:MM`, or that hour's end where it is skipped. */
export function nextTimeOfDay(now: Date, time: string, timeZone: string): Date {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  for (const day of [0, 1, 2]) {
    const local = localTime(new Date(now.getTime() + day * DAY_MS), timeZone);
    const wanted = Date.UTC(local.year, local.month - 1, local.day, hour, minute);
    // The offset may differ at that time: the second guess is right.
    let at = wanted - offsetMs(new Date(wanted), timeZone);
    at = wanted - offsetMs(new Date(at), timeZone);
    if (at > now.getTime()) return new Date(at);
  }
  return new Date(now.getTime() + DAY_MS);
}

function offsetMs(at: Date, timeZone: string): number {
  const { year, month, day, hour, minute, second } = localTime(at, timeZone);
  const shown = Date.UTC(year, month - 1, day, hour, minute, second);
  return shown - Math.floor(at.getTime() / 1_000) * 1_000;
}

function localTime(at: Date, timeZone: string) {
  const format = new Intl.DateTimeFormat('en', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  const parts = format.formatToParts(at).map(({ type, value }) => [type, Number(value)]);
  return Object.fromEntries(parts) as Record<
    'year' | 'month' | 'day' | 'hour' | 'minute' | 'second',
    number
  >;
}
