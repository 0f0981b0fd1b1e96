import { UnavailableError } from '@insightdesk/shared/errors';
import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';

export interface CircuitBreakerOptions {
  /** What is behind it, for the message of the error. */
  name: string;
  /** Failures in a row after which it opens. */
  failures: number;
  /** How long it refuses at once before it lets one call through to see. */
  openMs: number;
  /** False for errors that say nothing about the other side's health; all count unless said. */
  isFailure?: (error: unknown) => boolean;
  /** Of the error while it is open; UNAVAILABLE. */
  code?: string;
  /** Told when it opens and when it closes again. */
  onChange?: (isOpen: boolean) => void;
}

/** Spares a part that keeps failing, and those who would wait for it. */
export interface CircuitBreaker {
  /** Runs `work`; throws UnavailableError at once while open. */
  run<T>(work: () => Promise<T>): Promise<T>;
  readonly isOpen: boolean;
}

/** Builds a breaker around calls to one outside part. */
export function createCircuitBreaker({
  name,
  failures,
  openMs,
  isFailure = () => true,
  code,
  onChange,
}: CircuitBreakerOptions): CircuitBreaker {
  const policy = circuitBreaker(handleWhen(isFailure), {
    halfOpenAfter: openMs,
    breaker: new ConsecutiveBreaker(failures),
  });
  let isOpen = false;
  const become = (open: boolean) => {
    // A failed look into an open one breaks it again: no news.
    if (isOpen === open) return;
    isOpen = open;
    onChange?.(open);
  };
  policy.onBreak(() => become(true));
  policy.onReset(() => become(false));
  return {
    async run(work) {
      try {
        return await policy.execute(work);
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) throw error;
        throw new UnavailableError(`${name} is not available at the moment`, {
          ...(code && { code }),
          cause: error,
          retryAfterSeconds: openMs / 1000,
        });
      }
    },
    get isOpen() {
      return isOpen;
    },
  };
}
