import {
  addHours,
  endOfDay,
  isTimeZone,
  slugify,
  startOfDay,
  toIsoDay,
} from '@insightdesk/shared/utils';

/** The report of the day on which `at` falls where the organisation is: its name and its hours. */
export function describeReport(organization: string, at: Date, timeZone: string) {
  if (!isTimeZone(timeZone)) throw new RangeError(`${timeZone} is no time zone`);
  const from = startOfDay(at, timeZone);
  const until = endOfDay(at, timeZone);
  const hours: Date[] = [];
  // 23 or 25 of them when the clocks change.
  for (let hour = from; hour < until; hour = addHours(hour, 1)) hours.push(hour);
  return { file: `${slugify(organization)}-${toIsoDay(at, timeZone)}.csv`, from, until, hours };
}
