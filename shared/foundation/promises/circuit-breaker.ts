import { UnavailableError } from '@insightdesk/shared/errors';

export interface CircuitBreakerOptions {
  /** What is behind it, for the message of the error. */
  name: string;
  /** Failures in a row after which it opens. */
  failures: number;
  /** How long it refuses before it lets one trial call through. */
  openMs: number;
  /** False for errors that say nothing about the health of the dependency; default: all count. */
  isFailure?: (error: unknown) => boolean;
  /** Code of the error while it is open; UNAVAILABLE. */
  code?: string;
  /** Called when it opens and when it closes again. */
  onChange?: (isOpen: boolean) => void;
}

/** Protects a dependency that keeps failing, and the callers that would wait for it. */
export interface CircuitBreaker {
  /** Runs `work`; throws UnavailableError at once while open. */
  run<T>(work: () => Promise<T>): Promise<T>;
  readonly isOpen: boolean;
}

/** Builds a breaker around the calls to one dependency. */
export function createCircuitBreaker({
  name,
  failures,
  openMs,
  isFailure = () => true,
  code,
  onChange,
}: CircuitBreakerOptions): CircuitBreaker {
  let failuresInRow = 0;
  let openedAt: number | undefined;
  let trial: Promise<void> | undefined;

  function setOpen(isOpen: boolean): void {
    const wasOpen = openedAt !== undefined;
    openedAt = isOpen ? Date.now() : undefined;
    failuresInRow = 0;
    if (wasOpen !== isOpen) onChange?.(isOpen);
  }

  async function attempt<T>(work: () => Promise<T>, isTrial: boolean): Promise<T> {
    try {
      const result = await work();
      if (isTrial) setOpen(false);
      failuresInRow = 0;
      return result;
    } catch (error) {
      if (!isFailure(error)) {
        if (isTrial) setOpen(false);
      } else if (isTrial) {
        setOpen(true);
      } else if (openedAt === undefined && ++failuresInRow >= failures) {
        setOpen(true);
      }
      throw error;
    }
  }

  return {
    async run(work) {
      // Calls during a trial wait for its outcome.
      while (trial) await trial;
      if (openedAt === undefined) return attempt(work, false);
      if (Date.now() - openedAt < openMs) {
        throw new UnavailableError(`${name} is unavailable`, {
          ...(code && { code }),
          retryAfterSeconds: openMs / 1000,
        });
      }
      const running = attempt(work, true);
      const end = () => {
        trial = undefined;
      };
      trial = running.then(end, end);
      return running;
    },
    get isOpen() {
      return openedAt !== undefined;
    },
  };
}
