import { NetworkError } from '@insightdesk/shared/errors';

/** The pub/sub topic of cancelled jobs; messages are BullMQ's job ids. */
export const cancelTopic = (prefix: string) => `${prefix}:cancel`;

/** Ends a run early: by a cancel request or by its timeout. */
export interface Cancellation {
  /** The reason of the cancel request, if there was one. */
  readonly reason: string | undefined;
  /** Aborted when the run ends early; created on first access. */
  readonly signal: AbortSignal;
  cancel(reason: string): void;
  /** The outcome of `work`, or the reason why the run ended early; to be called once. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Waits without the clock of the timeout; rejects when the run has ended early. */
  untimed(waiting: Promise<void>): Promise<void>;
}

/** Builds the cancellation of one run; the timeout starts with `run`. */
export function createCancellation(timeoutMs: number): Cancellation {
  let cancelReason: string | undefined;
  let ended: { reason: unknown } | undefined;
  let controller: AbortController | undefined;
  let reject: ((reason: unknown) => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let remainingMs = timeoutMs;
  let startedAt = 0;
  let waits = 0;

  function end(reason: unknown) {
    ended ??= { reason };
    reject?.(reason);
    controller?.abort(reason);
  }

  function startClock() {
    startedAt = performance.now();
    timer = setTimeout(() => end(timeoutError(timeoutMs)), remainingMs);
  }

  function stopClock() {
    clearTimeout(timer);
    remainingMs -= performance.now() - startedAt;
  }

  return {
    get reason() {
      return cancelReason;
    },
    get signal() {
      controller ??= new AbortController();
      if (ended) controller.abort(ended.reason);
      return controller.signal;
    },
    cancel(reason) {
      cancelReason ??= reason;
      end(reason);
    },
    run<T>(work: () => Promise<T>): Promise<T> {
      return new Promise<T>((resolve, onEnd) => {
        reject = onEnd;
        startClock();
        const finish =
          <V>(callback: (value: V) => void) =>
          (value: V) => {
            clearTimeout(timer);
            callback(value);
          };
        Promise.try(work).then(finish(resolve), finish(onEnd));
      });
    },
    async untimed(waiting) {
      if (waits++ === 0) stopClock();
      try {
        await waiting;
      } finally {
        if (--waits === 0 && !ended) startClock();
      }
      if (ended) throw ended.reason;
    },
  };
}

const timeoutError = (timeoutMs: number) =>
  new NetworkError(`Job timed out after ${timeoutMs} ms`, { code: 'TIMEOUT', retryable: true });
