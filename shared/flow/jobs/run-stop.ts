import { NetworkError } from '@insightdesk/shared/errors';

/** Ends a run from outside: somebody has cancelled it, or its time is up. */
export interface RunStop {
  /** Why somebody cancelled it; undefined unless somebody did. */
  readonly cancelledBy: string | undefined;
  /** Aborted when the run is ended. Most jobs never ask for it, so it is made when one does. */
  readonly signal: AbortSignal;
  cancel(reason: string): void;
  /** The outcome of `work`, or why it was ended before; to be called once. */
  guard<T>(work: () => Promise<T>): Promise<T>;
}

/** Builds the end of one run, whose time begins with `guard`. */
export function createRunStop(timeoutMs: number): RunStop {
  let cancelledBy: string | undefined;
  let ended: { reason: unknown } | undefined;
  let controller: AbortController | undefined;
  let reject: ((reason: unknown) => void) | undefined;

  function end(reason: unknown) {
    ended ??= { reason };
    reject?.(reason);
    controller?.abort(reason);
  }

  return {
    get cancelledBy() {
      return cancelledBy;
    },
    get signal() {
      controller ??= new AbortController();
      if (ended) controller.abort(ended.reason);
      return controller.signal;
    },
    cancel(reason) {
      cancelledBy ??= reason;
      end(reason);
    },
    guard<T>(work: () => Promise<T>): Promise<T> {
      return new Promise<T>((resolve, onEnd) => {
        reject = onEnd;
        const timer = setTimeout(() => end(timeIsUp(timeoutMs)), timeoutMs);
        const settle =
          <V>(how: (value: V) => void) =>
          (value: V) => {
            clearTimeout(timer);
            how(value);
          };
        Promise.try(work).then(settle(resolve), settle(onEnd));
      });
    },
  };
}

const timeIsUp = (timeoutMs: number) =>
  new NetworkError(`Nothing came within ${timeoutMs} ms`, { code: 'TIMEOUT', retryable: true });
