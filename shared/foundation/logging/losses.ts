import { throttle } from '@insightdesk/shared/promises';

/** Told how many lines were given up and why they were at last, once per second at most. */
export type OnLost = (count: number, reason: unknown) => void;

/** Counts the lines that a transport gives up, and tells it in a while. */
export function createLosses(onLost: OnLost) {
  let count = 0;
  let reason: unknown;
  let isTelling = false;
  const tell = () => {
    if (count === 0) return;
    const lost = count;
    count = 0;
    // A line about lost lines must not be the next one to be lost.
    isTelling = true;
    onLost(lost, reason);
    isTelling = false;
  };
  const tellAtTimes = throttle(1_000, tell);
  return {
    add(lines: number, why: unknown) {
      count += lines;
      reason = why;
      tellAtTimes();
    },
    tell,
    /** Whether the line at hand is about lost lines. */
    get isTelling() {
      return isTelling;
    },
  };
}
