import { TooManyRequestsError } from '@insightdesk/shared/errors';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Caller, HttpEnv } from './env.ts';
import type { Names, RateLimit, RateLimits } from './rate-limit.ts';

/** Holds requests to the limits, each of which is counted exactly once. */
export interface RequestLimits<C extends Caller> {
  /** Around everything, behind `clientAddress`: what has no place of its own is counted here. */
  around: MiddlewareHandler<HttpEnv<C>>;
  /** The place of a route, where its caller is known: counts address, person and all in one go. */
  of(classOf: (c: Context<HttpEnv<C>>) => string): MiddlewareHandler<HttpEnv<C>>;
}

/** Builds both ends; `namesOf` gives the stable names of a caller, by what rows count. */
export function limitRequests<C extends Caller>(
  limits: RateLimits,
  namesOf: (caller: C) => Names,
): RequestLimits<C> {
  type Http = Context<HttpEnv<C>>;
  const places = new WeakSet<object>();
  const begun = new WeakMap<Request, () => void>();

  async function count(c: Http, of: string): Promise<void> {
    begun.get(c.req.raw)?.();
    begun.delete(c.req.raw);
    const caller = c.get('caller');
    const names = { address: network(c.get('address')), ...(caller && namesOf(caller)) };
    tell(c, await limits.check(of, names));
  }

  return {
    async around(c, next) {
      const beginning = limits.begin('all', { address: network(c.get('address')) });
      if (typeof beginning !== 'function') return tell(c, [beginning]);
      begun.set(c.req.raw, beginning);
      if (!matchedRoutes(c).some(({ handler }) => places.has(handler))) await count(c, 'all');
      await next();
      // Turned away before its place: without a token, or too large.
      if (begun.has(c.req.raw)) await count(c, 'all');
    },
    of(classOf) {
      const place: MiddlewareHandler<HttpEnv<C>> = async (c, next) => {
        await count(c, classOf(c));
        return next();
      };
      places.add(place);
      return place;
    },
  };
}

/** Says what is left, as draft-ietf-httpapi-ratelimit-headers has it, and as clients of before read it. */
function tell(c: Context, all: readonly RateLimit[]): void {
  let tightest = all[0];
  let policy = '';
  let rest = '';
  for (const one of all) {
    const { row, remaining, resetSeconds } = one;
    const comma = policy && ', ';
    policy += `${comma}"${row.name}";q=${row.limit};w=${Math.ceil(row.windowMs / 1_000)}`;
    rest += `${comma}"${row.name}";r=${remaining};t=${resetSeconds}`;
    if (!one.allowed || (tightest?.allowed && remaining < tightest.remaining)) tightest = one;
  }
  if (!tightest) return;
  c.header('RateLimit-Policy', policy);
  c.header('RateLimit', rest);
  c.header('RateLimit-Limit', String(tightest.row.limit));
  c.header('RateLimit-Remaining', String(tightest.remaining));
  c.header('RateLimit-Reset', String(tightest.resetSeconds));
  if (!tightest.allowed) throw tooMany(tightest);
}

/** What whoever is beyond a limit is told, over HTTP or a socket. */
export const tooMany = ({ row, resetSeconds }: RateLimit) =>
  new TooManyRequestsError(undefined, {
    retryAfterSeconds: resetSeconds,
    errors: [{ path: row.name, message: `${row.limit} in ${row.windowMs / 1_000} s` }],
  });

/** One household commands a whole /64 of IPv6 addresses, so they count as one. */
export function network(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  const prefix = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(':')}::/64`;
}
