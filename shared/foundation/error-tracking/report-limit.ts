import type { SerializedError } from '@insightdesk/shared/errors';

export interface ReportLimits {
  /** Reports of one process in a minute. */
  total: number;
  /** Reports from one place in the code in a minute. */
  perPlace: number;
}

const WINDOW_MS = 60_000;
const MAX_PLACE_LENGTH = 300;

/** Limits reports, because an outage causes the same error thousands of times. */
export function createReportLimit(
  { total: maxTotal, perPlace }: ReportLimits = { total: 60, perPlace: 5 },
  now: () => number = () => performance.now(),
): (error: SerializedError) => boolean {
  const counts = new Map<string, number>();
  let total = 0;
  let since = now();
  return (error) => {
    if (now() - since >= WINDOW_MS) {
      counts.clear();
      total = 0;
      since = now();
    }
    const place = placeOf(error);
    const count = counts.get(place) ?? 0;
    if (total >= maxTotal || count >= perPlace) return false;
    counts.set(place, count + 1);
    total++;
    return true;
  };
}

/** Name and first stack frame; messages contain ids and numbers. */
function placeOf({ name, code = '', message, stack }: SerializedError): string {
  const frame = stack?.split('\n').find((line) => /^\s+at /.test(line));
  return `${name} ${code} ${frame ?? message}`.slice(0, MAX_PLACE_LENGTH);
}
