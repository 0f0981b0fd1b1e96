import { UnavailableError } from '@insightdesk/shared/errors';
import { createCircuitBreaker, withTimeout } from '@insightdesk/shared/promises';
import type { Valkey } from '@insightdesk/shared/valkey';

interface ReachOptions {
  valkey: Valkey;
  /** For one command; after three failures in a row Valkey is left alone for `restMs`. */
  timeoutMs: number;
  restMs: number;
}

const FAILURES_IN_A_ROW = 3;

/** Commands that fail soon: at once when it is known that Valkey is away, in time when it is not. */
export function createReach({ valkey, timeoutMs, restMs }: ReachOptions) {
  const name = 'The cache';
  const breaker = createCircuitBreaker({ name, failures: FAILURES_IN_A_ROW, openMs: restMs });
  let hasBeenUp = valkey.status === 'ready';
  const firstUp = new Promise<void>((resolve) => {
    valkey.once('ready', () => {
      hasBeenUp = true;
      resolve();
    });
  });

  // Nothing is sent into an outage: a command that waits there would be carried out much later.
  const up = () => {
    if (valkey.status === 'ready') return;
    if (hasBeenUp) throw new UnavailableError('The cache is not connected');
    return firstUp;
  };

  return <T>(command: () => Promise<T>): Promise<T> =>
    breaker.run(() =>
      withTimeout(async (signal) => {
        await up();
        signal.throwIfAborted();
        return command();
      }, timeoutMs),
    );
}
