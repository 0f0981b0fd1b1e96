import { isRetryable } from '@insightdesk/shared/errors';
import { sleep } from './time.ts';

export interface RetryOptions {
  /** Maximum number of calls. */
  attempts: number;
  /** Delay before the second call; doubled each time. */
  baseMs: number;
  maxMs?: number;
  /** Share of the delay that is random, from 0 to 1. */
  jitter?: number;
  signal?: AbortSignal;
  shouldRetry?: (error: unknown, attempt: number) => boolean;
}

/** Calls `work` until it succeeds, the attempts are used up, or an error is not retryable. */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  {
    attempts,
    baseMs,
    maxMs = 30_000,
    jitter = 0.5,
    signal,
    shouldRetry = isRetryable,
  }: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= attempts || !shouldRetry(error, attempt)) throw error;
      const delayMs = Math.min(baseMs * 2 ** (attempt - 1), maxMs);
      await sleep(delayMs * (1 - jitter * Math.random()), signal);
    }
  }
}
