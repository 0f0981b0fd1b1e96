import { throttle } from '@insightdesk/shared/promises';

/** Called with the number of lost lines and the last reason, at most once per second. */
export type OnLost = (count: number, reason: unknown) => void;

/** Counts the lines that a transport loses, and reports them at most once per second. */
export function createLossCounter(onLost: OnLost) {
  let count = 0;
  let reason: unknown;
  let isReporting = false;
  const report = () => {
    if (count === 0) return;
    const lost = count;
    count = 0;
    // The log line about lost lines must not be lost itself.
    isReporting = true;
    onLost(lost, reason);
    isReporting = false;
  };
  const reportThrottled = throttle(1_000, report);
  return {
    add(lines: number, latestReason: unknown) {
      count += lines;
      reason = latestReason;
      reportThrottled();
    },
    report,
    /** Whether the current log line is about lost lines. */
    get isReporting() {
      return isReporting;
    },
  };
}
