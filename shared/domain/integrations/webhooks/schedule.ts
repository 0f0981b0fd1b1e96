const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long after each failed attempt the next one comes; three days in all. */
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

/** How long a delivery that fails holds up those after it in its lane. */
export const PATIENCE_MS = HOUR_MS;
/** A webhook from which nothing but failures came for so long is switched off. */
export const GIVE_UP_MS = 72 * HOUR_MS;
/** How long events and their log are kept for replays. */
export const KEPT_DAYS = 30;
const JITTER = 0.2;
const LONGEST_MS = 12 * HOUR_MS;

/**
 * How long to wait after the attempt with this number, from 1; undefined when it was the last. The
 * receiver may ask for a longer wait, up to 12 hours, never for a shorter one.
 */
export function retryDelay(
  attempt: number,
  retryAfter: string | undefined,
  delays = retryDelaysMs,
): number | undefined {
  const usual = delays[attempt - 1];
  if (usual === undefined) return undefined;
  const jittered = usual * (1 + JITTER * (Math.random() - 0.5));
  return Math.max(jittered, Math.min(askedWait(retryAfter), LONGEST_MS));
}

/** Retry-After in seconds or as a date. */
function askedWait(text: string | undefined): number {
  if (text === undefined) return 0;
  const waitMs = /^\d+$/.test(text) ? Number(text) * SECOND_MS : Date.parse(text) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0;
}
