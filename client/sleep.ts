import { ClientClosedError } from './errors.ts';

/** Resolves after `ms`; rejects with ClientClosedError when the signal is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new ClientClosedError('Closed while waiting for another attempt'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The delay before attempt 1, 2, 3, …: doubles up to `maxMs`, half of it is random. */
export function backoffMs(attempt: number, baseMs = 300, maxMs = 10_000): number {
  const delayMs = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  return delayMs / 2 + (Math.random() * delayMs) / 2;
}

/** 128 random bits; `crypto.randomUUID` is missing on pages loaded over plain HTTP. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
