import { serializeError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';

const WINDOW_MS = 1_000;

/** Logs at most one error per second: an outage causes one per socket and channel. */
export function createThrottledErrorLog(log: Pick<Logger, 'warn'>, nowMs: () => number = Date.now) {
  let quietUntilMs = 0;
  let suppressed = 0;
  return function logError(error: unknown): void {
    if (nowMs() < quietUntilMs) {
      suppressed++;
      return;
    }
    log.warn({ err: serializeError(error), suppressed }, 'realtime: connection failed');
    quietUntilMs = nowMs() + WINDOW_MS;
    suppressed = 0;
  };
}
