import { serializeError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';

const WINDOW_MS = 1_000;

/** Logs at most one of these failures per second: an outage brings one per socket and channel. */
export function createTroubleLog(log: Pick<Logger, 'warn'>, nowMs: () => number = Date.now) {
  let quietUntilMs = 0;
  let unsaid = 0;
  return function onTrouble(error: unknown): void {
    if (nowMs() < quietUntilMs) {
      unsaid++;
      return;
    }
    log.warn({ err: serializeError(error), unsaid }, 'realtime: trouble');
    quietUntilMs = nowMs() + WINDOW_MS;
    unsaid = 0;
  };
}
