const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Delay after each failed attempt; three days in total. */
export const retryDelaysMs: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  1 * HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  6 * HOUR_MS,
  10 * HOUR_MS,
  12 * HOUR_MS,
  12 * HOUR_MS,
  12 * HOUR_MS,
  12 * HOUR_MS,
];

/** How long a failing delivery blocks those behind it in its queue. */
export const HEAD_OF_LINE_TIMEOUT_MS = HOUR_MS;
/** A webhook that only fails for this long is disabled. */
export const MAX_FAILING_MS = 72 * HOUR_MS;
/** How long events and deliveries are stored for replays. */
export const RETENTION_DAYS = 30;
const JITTER = 0.2;
const MAX_RETRY_AFTER_MS = 12 * HOUR_MS;

/**
 * Milliseconds until the next attempt after attempt number `attempt`, from 1; undefined after the last.
 * `Retry-After` of the receiver can extend the delay to at most 12 hours, never shorten it.
 */
export function retryDelay(
  attempt: number,
  retryAfter: string | undefined,
  delays = retryDelaysMs,
): number | undefined {
  const delayMs = delays[attempt - 1];
  if (delayMs === undefined) return undefined;
  const jittered = delayMs * (1 + JITTER * (Math.random() - 0.5));
  return Math.max(jittered, Math.min(parseRetryAfter(retryAfter), MAX_RETRY_AFTER_MS));
}

/** Milliseconds of a Retry-After header, which holds seconds or a date. */
function parseRetryAfter(text: string | undefined): number {
  if (text === undefined) return 0;
  const waitMs = /^\d+$/.test(text) ? Number(text) * SECOND_MS : Date.parse(text) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0;
}
