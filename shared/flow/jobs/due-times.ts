/** Only who plans schedules needs it, and it brings a library of dates. */
const cronParser = (): typeof import('cron-parser') => require('cron-parser');

/** When something is done: by a cron expression in a time zone, or every so many milliseconds. */
export type Timing = { cron: string; timeZone: string } | { everyMs: number };

const MINUTE_MS = 60_000;

/**
 * The first time after this one. A time that a change of clocks skips is made up for after the gap,
 * one that comes twice counts once; intervals are counted from 1970, whoever asks.
 */
export function nextDue(timing: Timing, after: Date): Date {
  if ('everyMs' in timing) {
    const { everyMs } = timing;
    return new Date((Math.floor(after.getTime() / everyMs) + 1) * everyMs);
  }
  const { cron, timeZone } = timing;
  const { CronExpressionParser } = cronParser();
  return CronExpressionParser.parse(cron, { currentDate: after, tz: timeZone }).next().toDate();
}

/** The newest `max` times from `first`, itself due, up to `now`; oldest first. */
export function dueBetween(timing: Timing, first: Date, now: Date, max: number): Date[] {
  // Backwards by ever longer windows: who was away for a year does not count every minute of it.
  for (let windowMs = MINUTE_MS; ; windowMs *= 2) {
    const from = Math.max(first.getTime(), now.getTime() - windowMs);
    const found = allBetween(timing, new Date(from - 1), now);
    if (found.length >= max || from === first.getTime()) return found.slice(-max);
  }
}

function allBetween(timing: Timing, after: Date, until: Date): Date[] {
  const found: Date[] = [];
  for (let at = nextDue(timing, after); at <= until; at = nextDue(timing, at)) found.push(at);
  return found;
}

/** A timing in words, by which a changed one is noticed. */
export const timingText = (timing: Timing): string =>
  'cron' in timing ? `${timing.cron} ${timing.timeZone}` : `every ${timing.everyMs} ms`;
