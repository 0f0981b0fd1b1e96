import { TooManyRequestsError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import type { Caller, HttpEnv } from './env.ts';
import type { RateLimiter } from './rate-limit.ts';

/** Refuses an address that asks too often; needs `clientAddress` before it. */
export function limitAddresses<C extends Caller>(
  limiter: RateLimiter,
): MiddlewareHandler<HttpEnv<C>> {
  const policy = `${limiter.limit};w=${limiter.windowSeconds}`;
  const limit = String(limiter.limit);
  return async function limitAddresses(c, next) {
    const { allowed, remaining, resetSeconds } = await limiter.check(network(c.get('address')));
    c.header('RateLimit-Policy', policy);
    c.header('RateLimit-Limit', limit);
    c.header('RateLimit-Remaining', String(remaining));
    c.header('RateLimit-Reset', String(resetSeconds));
    if (!allowed) throw new TooManyRequestsError(undefined, { retryAfterSeconds: resetSeconds });
    return next();
  };
}

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
