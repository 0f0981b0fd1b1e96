import { inspect, isDeepStrictEqual } from 'node:util';

export interface UntilOptions {
  /** 60 s: far longer than any step takes on a busy machine. */
  timeoutMs?: number;
  /** Longest pause between two calls of the probe; 50 ms. The first ones are shorter. */
  intervalMs?: number;
  /** Waits for this value instead of any truthy one. */
  equals?: unknown;
  /** Waits for this number or more. */
  atLeast?: number;
  /** A probe that throws counts as not yet. */
  ignoreErrors?: boolean;
}

type Truthy<T> = Exclude<T, undefined | null | false | '' | 0>;
type Probe<T> = () => T | Promise<T>;

const MAX_LENGTH = 500;

/**
 * Calls the probe until its value is truthy (or `equals`, or is `atLeast`), and returns the value.
 * The error of a timeout names the description, else the probe's source, and the last value.
 */
export function until<T>(probe: Probe<T>, options?: UntilOptions): Promise<Truthy<T>>;
export function until<T>(
  description: string,
  probe: Probe<T>,
  options?: UntilOptions,
): Promise<Truthy<T>>;
export function until<T>(...given: unknown[]): Promise<Truthy<T>> {
  const [description, probe, options] = (
    typeof given[0] === 'string' ? given : [sourceOf(given[0] as Probe<T>), ...given]
  ) as [string, Probe<T>, UntilOptions | undefined];
  const timeout = new Error('Timed out');
  Error.captureStackTrace(timeout, until);
  return poll(description, probe, options ?? {}, timeout) as Promise<Truthy<T>>;
}

async function poll<T>(
  description: string,
  probe: Probe<T>,
  options: UntilOptions,
  timeout: Error,
): Promise<T> {
  const { timeoutMs = 60_000, intervalMs = 50, ignoreErrors = false } = options;
  const startedAt = performance.now();
  for (;;) {
    let seen: string;
    try {
      const value = await probe();
      if (isReached(value, options)) return value;
      seen = `last value: ${shorten(inspect(value, { depth: 4, breakLength: Infinity }))}`;
    } catch (error) {
      if (!ignoreErrors) throw error;
      seen = `last error: ${shorten(String(error))}`;
    }
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs > timeoutMs) {
      const wanted = `${description}${expectationOf(options)}`;
      timeout.message = `Timed out after ${timeoutMs} ms waiting for ${wanted}; ${seen}`;
      throw timeout;
    }
    await Bun.sleep(Math.min(5 + elapsedMs / 20, intervalMs));
  }
}

function isReached(value: unknown, options: UntilOptions): boolean {
  if ('equals' in options) return isDeepStrictEqual(value, options.equals);
  if (options.atLeast !== undefined) return typeof value === 'number' && value >= options.atLeast;
  return Boolean(value);
}

function expectationOf(options: UntilOptions): string {
  if ('equals' in options) return ` to equal ${shorten(inspect(options.equals))}`;
  return options.atLeast === undefined ? '' : ` to be at least ${options.atLeast}`;
}

const sourceOf = (probe: () => unknown) =>
  shorten(
    String(probe)
      .replace(/^(async\s*)?\(\)\s*=>\s*/, '')
      .replace(/\s+/g, ' '),
  );

const shorten = (text: string) =>
  text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
