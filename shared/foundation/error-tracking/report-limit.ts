import type { SerializedError } from '@insightdesk/shared/errors';

export interface ReportLimits {
  /** Of one process, in a minute. */
  all: number;
  /** Of those that come from one place. */
  same: number;
}

const WINDOW_MS = 60_000;
const LONGEST_PLACE = 300;

/** Whether one more may be reported: an outage says the same a thousand times. */
export function createReportLimit(
  { all, same }: ReportLimits = { all: 60, same: 5 },
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
    if (total >= all || count >= same) return false;
    counts.set(place, count + 1);
    total++;
    return true;
  };
}

/** Kind and first frame; messages have ids and figures in them. */
function placeOf({ name, code = '', message, stack }: SerializedError): string {
  const frame = stack?.split('\n').find((line) => /^\s+at /.test(line));
  return `${name} ${code} ${frame ?? message}`.slice(0, LONGEST_PLACE);
}
