import { TooManyRequestsError } from '@insightdesk/shared/errors';
import { ipPrefix } from '@insightdesk/shared/utils';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Caller, HttpEnv } from '../http-env.ts';
import type { RateLimitKeys, RateLimitResult, RateLimits } from './rate-limits.ts';

/** Middleware that counts each request exactly once. */
export interface RequestLimiter<C extends Caller> {
  /** For all routes, after `clientAddress`; counts requests of routes without their own limit. */
  global: MiddlewareHandler<HttpEnv<C>>;
  /**
   * For one route, after authentication: counts by address, user and all other rules at once;
   * `bytesOf` returns the size of the body for rules that count bytes.
   */
  forRoute(
    classOf: (c: Context<HttpEnv<C>>) => string,
    bytesOf?: (c: Context<HttpEnv<C>>) => number,
  ): MiddlewareHandler<HttpEnv<C>>;
}

/** Builds the middleware; `keysOf` returns the keys of a caller by the `countBy` of the rules. */
export function limitRequests<C extends Caller>(
  limits: RateLimits,
  keysOf: (caller: C) => RateLimitKeys,
): RequestLimiter<C> {
  type Http = Context<HttpEnv<C>>;
  const routeLimits = new WeakSet<object>();
  const reservations = new WeakMap<Request, () => void>();

  async function count(c: Http, requestClass: string, bytes = 0): Promise<void> {
    reservations.get(c.req.raw)?.();
    reservations.delete(c.req.raw);
    const caller = c.get('caller');
    const keys = { address: ipPrefix(c.get('address')), ...(caller && keysOf(caller)) };
    setRateLimitHeaders(c, await limits.check(requestClass, keys, bytes));
  }

  return {
    async global(c, next) {
      const reservation = limits.reserve('all', { address: ipPrefix(c.get('address')) });
      if (typeof reservation !== 'function') return setRateLimitHeaders(c, [reservation]);
      reservations.set(c.req.raw, reservation);
      if (!matchedRoutes(c).some(({ handler }) => routeLimits.has(handler))) await count(c, 'all');
      await next();
      // Refused before its route limit: without a valid token, or too large.
      if (reservations.has(c.req.raw)) await count(c, 'all');
    },
    forRoute(classOf, bytesOf) {
      const limit: MiddlewareHandler<HttpEnv<C>> = async (c, next) => {
        await count(c, classOf(c), bytesOf?.(c));
        return next();
      };
      routeLimits.add(limit);
      return limit;
    },
  };
}

/** Headers of draft-ietf-httpapi-ratelimit-headers and their predecessors; throws a 429. */
function setRateLimitHeaders(c: Context, results: readonly RateLimitResult[]): void {
  let tightest = results[0];
  let policy = '';
  let remainders = '';
  for (const result of results) {
    const { rule, remaining, resetSeconds } = result;
    const comma = policy && ', ';
    policy += `${comma}"${rule.name}";q=${rule.limit};w=${Math.ceil(rule.windowMs / 1_000)}`;
    remainders += `${comma}"${rule.name}";r=${remaining};t=${resetSeconds}`;
    if (!result.allowed || (tightest?.allowed && remaining < tightest.remaining)) tightest = result;
  }
  if (!tightest) return;
  c.header('RateLimit-Policy', policy);
  c.header('RateLimit', remainders);
  c.header('RateLimit-Limit', String(tightest.rule.limit));
  c.header('RateLimit-Remaining', String(tightest.remaining));
  c.header('RateLimit-Reset', String(tightest.resetSeconds));
  if (!tightest.allowed) throw tooManyRequests(tightest);
}

/** The error of an exceeded rate limit, for HTTP and sockets. */
export const tooManyRequests = ({ rule, resetSeconds }: RateLimitResult) =>
  new TooManyRequestsError(undefined, {
    retryAfterSeconds: resetSeconds,
    errors: [{ path: rule.name, message: `${rule.limit} in ${rule.windowMs / 1_000} s` }],
  });
