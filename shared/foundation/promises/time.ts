import { NetworkError } from '@insightdesk/shared/errors';

/** Resolves after `ms`; rejects with the signal's reason when aborted first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * The outcome of the work, or a retryable NetworkError with code TIMEOUT after `timeoutMs`. Work
 * given as a function receives a signal that aborts when its caller no longer waits.
 */
export function withTimeout<T>(
  work: Promise<T> | ((signal: AbortSignal) => Promise<T>),
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const fail = (reason: unknown) => {
    reject(reason);
    controller.abort(reason);
  };
  const onAbort = () => fail(signal?.reason);
  const timer = setTimeout(() => {
    const message = `Timed out after ${timeoutMs} ms`;
    fail(new NetworkError(message, { code: 'TIMEOUT', retryable: true }));
  }, timeoutMs);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  const running = typeof work === 'function' ? Promise.try(work, controller.signal) : work;
  running.then(resolve, fail);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}
