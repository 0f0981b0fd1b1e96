/** Whether the runtime knows this IANA time zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** The same wall-clock time some calendar days later in the zone; throws on an unknown zone. */
export function addDays(date: Date, days: number, timeZone = 'UTC'): Date {
  return toDate(zoned(date, timeZone).add({ days }));
}

/** An instant some exact hours later. */
export function addHours(date: Date, hours: number): Date {
  return new Date(date.getTime() + hours * 3_600_000);
}

/** The first instant of the date's calendar day in the zone; throws on an unknown zone. */
export function startOfDay(date: Date, timeZone: string): Date {
  return toDate(zoned(date, timeZone).startOfDay());
}

/** The first instant of the next calendar day in the zone; throws on an unknown zone. */
export function endOfDay(date: Date, timeZone: string): Date {
  return toDate(zoned(date, timeZone).startOfDay().add({ days: 1 }).startOfDay());
}

/** The calendar day in the zone as `2026-03-29`; throws on an unknown zone. */
export function toIsoDay(date: Date, timeZone: string): string {
  return zoned(date, timeZone).toPlainDate().toString();
}

/** When a clock in the zone next shows `HH:MM`; a time that the clock skips is moved by the skipped hour. */
export function nextTimeOfDay(now: Date, time: string, timeZone: string): Date {
  const today = zoned(now, timeZone);
  const days = [today, today.add({ days: 1 }), today.add({ days: 2 })];
  const next = days.map((day) => toDate(day.withPlainTime(time))).find((date) => date > now);
  return next ?? toDate(today.add({ days: 1 }));
}

function zoned(date: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(date.getTime()).toZonedDateTimeISO(timeZone);
}

function toDate(time: Temporal.ZonedDateTime): Date {
  return new Date(time.epochMilliseconds);
}
