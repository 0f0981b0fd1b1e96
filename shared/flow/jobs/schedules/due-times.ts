/** Loads cron-parser on first use: it brings a date library that few processes need. */
const loadCronParser = (): typeof import('cron-parser') => require('cron-parser');

/** A cron expression in a time zone, or an interval. */
export type Timing = { cron: string; timeZone: string } | { everyMs: number };

const MINUTE_MS = 60_000;

/**
 * The first due time after this one. A time that a clock change skips is due after the gap, one that
 * occurs twice is due once; intervals are counted from 1970.
 */
export function nextDue(timing: Timing, after: Date): Date {
  if ('everyMs' in timing) {
    const { everyMs } = timing;
    return new Date((Math.floor(after.getTime() / everyMs) + 1) * everyMs);
  }
  const { cron, timeZone } = timing;
  const { CronExpressionParser } = loadCronParser();
  return CronExpressionParser.parse(cron, { currentDate: after, tz: timeZone }).next().toDate();
}

/** The newest `max` due times from `first` to `now`, both included; oldest first. */
export function dueBetween(timing: Timing, first: Date, now: Date, max: number): Date[] {
  // Backwards in growing windows, so that a year of downtime is not counted minute by minute.
  for (let windowMs = MINUTE_MS; ; windowMs *= 2) {
    const from = Math.max(first.getTime(), now.getTime() - windowMs);
    const found = listBetween(timing, new Date(from - 1), now);
    if (found.length >= max || from === first.getTime()) return found.slice(-max);
  }
}

function listBetween(timing: Timing, after: Date, until: Date): Date[] {
  const found: Date[] = [];
  for (let at = nextDue(timing, after); at <= until; at = nextDue(timing, at)) found.push(at);
  return found;
}

/** A timing as text, by which a change is detected. */
export const timingText = (timing: Timing): string =>
  'cron' in timing ? `${timing.cron} ${timing.timeZone}` : `every ${timing.everyMs} ms`;
