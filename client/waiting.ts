import { NetworkError, ProblemError } from './errors.ts';
import { backoffMs, sleep } from './sleep.ts';

/** A request that is repeated after a while. */
export interface Wait {
  /** The method and the route, for example `POST /v1/conversations/{id}/messages`. */
  route: string;
  /** When the next attempt starts. */
  retryAfterMs: number;
  /** The limit of requests (429), no response, or a server that cannot answer now. */
  reason: 'rate-limit' | 'connection' | 'server';
  error: NetworkError | ProblemError;
}

export type OnWait = (wait: Wait) => void;

interface Attempt {
  route: string;
  /** 1, 2, 3, … */
  attempt: number;
  signal: AbortSignal;
  onWait: OnWait;
}

/** How long the server asked to wait, or the backoff if that is longer. */
const delayOf = (error: unknown, attempt: number) =>
  Math.max(error instanceof ProblemError ? (error.retryAfterMs ?? 0) : 0, backoffMs(attempt));

/** Waits before a failed request is repeated, and reports it. */
export async function waitForRetry(
  error: unknown,
  { route, attempt, signal, onWait }: Attempt,
): Promise<void> {
  const retryAfterMs = delayOf(error, attempt);
  const isKnown = error instanceof ProblemError || error instanceof NetworkError;
  if (isKnown && !signal.aborted) onWait({ route, retryAfterMs, reason: reasonOf(error), error });
  await sleep(retryAfterMs, signal);
}

function reasonOf(error: NetworkError | ProblemError): Wait['reason'] {
  if (error instanceof NetworkError) return 'connection';
  return error.status === 429 ? 'rate-limit' : 'server';
}
