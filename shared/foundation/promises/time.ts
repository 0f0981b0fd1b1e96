import { NetworkError } from '@insightdesk/shared/errors';
import pTimeout from 'p-timeout';

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
 * The work's outcome, or a retryable NetworkError with code TIMEOUT after `timeoutMs`. Work given
 * as a function receives a signal that aborts when nobody waits for it any more.
 */
export function withTimeout<T>(
  work: Promise<T> | ((signal: AbortSignal) => Promise<T>),
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<T> {
  const fallback = (): T => {
    const message = `Nothing came within ${timeoutMs} ms`;
    throw new NetworkError(message, { code: 'TIMEOUT', retryable: true });
  };
  const options = { milliseconds: timeoutMs, fallback, ...(signal && { signal }) };
  if (typeof work !== 'function') return pTimeout(work, options);
  const given = new AbortController();
  const giveUp = (reason: unknown) => {
    given.abort(reason);
    throw reason;
  };
  return pTimeout(work(given.signal), options).catch(giveUp);
}
