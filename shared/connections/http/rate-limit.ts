import type { Valkey } from '@insightdesk/shared/valkey';
import { RateLimiterMemory, RateLimiterRes, RateLimiterValkey } from 'rate-limiter-flexible';

/** What a key has left in its window. */
export interface RateLimit {
  allowed: boolean;
  remaining: number;
  resetSeconds: number;
}

/** Counts calls per key and window, over all replicas. */
export interface RateLimiter {
  readonly limit: number;
  readonly windowSeconds: number;
  check(key: string): Promise<RateLimit>;
}

export interface RateLimiterOptions {
  /** What is limited; part of the key. */
  name: string;
  /** Without it each process counts for itself. */
  valkey?: Valkey;
  /** Rounded up to whole seconds. */
  windowMs: number;
  maxRequests: number;
}

/** How long Valkey may take before this process counts for itself. */
const PATIENCE_MS = 250;

/**
 * Builds a limiter over fixed windows: one round trip per call, none once a key is used up.
 * It fails open: while Valkey is away each replica counts for itself, so N replicas let up to N
 * times the limit through.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { name, valkey, windowMs, maxRequests } = options;
  const duration = Math.max(1, Math.ceil(windowMs / 1000));
  const rule = { keyPrefix: `limit:${name}`, points: maxRequests, duration };
  const alone = new RateLimiterMemory(rule);
  const together =
    valkey &&
    new RateLimiterValkey({
      ...rule,
      storeClient: valkey,
      rejectIfValkeyNotReady: true,
      inMemoryBlockOnConsumed: maxRequests,
    });
  return {
    limit: maxRequests,
    windowSeconds: duration,
    async check(key) {
      const shared = together && (await inTime(outcome(together.consume(key))));
      return shared ?? (await outcome(alone.consume(key))) ?? { allowed: true, ...unknownRest };
    },
  };
}

const unknownRest = { remaining: 0, resetSeconds: 0 };

/** What consuming came to; undefined when it could not be found out. */
async function outcome(consuming: Promise<RateLimiterRes>): Promise<RateLimit | undefined> {
  try {
    return toLimit(await consuming, true);
  } catch (refusal) {
    return refusal instanceof RateLimiterRes ? toLimit(refusal, false) : undefined;
  }
}

function toLimit({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): RateLimit {
  return { allowed, remaining: remainingPoints, resetSeconds: Math.ceil(msBeforeNext / 1000) };
}

async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, PATIENCE_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
