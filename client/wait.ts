import { ClosedError } from './errors.ts';

/** Resolves after `ms`; rejects with ClosedError when the signal says that nobody waits any more. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new ClosedError('Stopped while waiting for another attempt'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** How long to wait before attempt 1, 2, 3, …: doubling up to `maxMs`, half of it at random. */
export function backoffMs(attempt: number, baseMs = 300, maxMs = 10_000): number {
  const longest = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  return longest / 2 + (Math.random() * longest) / 2;
}
