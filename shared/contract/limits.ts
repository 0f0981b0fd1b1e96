/** A limit counts per address, user, API key, organization or channel. */
export type RateLimitSubject = 'address' | 'user' | 'key' | 'organization' | 'channel';

/** Class of a request for rate limits; every request also counts as `all`. */
export type RequestClass = 'auth' | 'read' | 'search' | 'write' | 'upload' | 'mail';

interface RateLimit {
  name: string;
  requestClass: RequestClass | 'all' | 'signal';
  countBy: RateLimitSubject;
  /** Counts bytes of JSON bodies instead of requests. */
  countsBytes?: boolean;
  factor: number;
  min: number;
  /** While Valkey is unavailable: `closed` refuses all requests, `open` uses the counts of each process. */
  failMode?: 'open' | 'closed';
}

/**
 * All rate limits. An HTTP limit is `factor` * RATE_LIMIT_MAX_REQUESTS per RATE_LIMIT_WINDOW_MS, at
 * least `min`; signals are limited to `min` per 10 s.
 */
const rateLimits: readonly RateLimit[] = [
  { name: 'address', requestClass: 'all', countBy: 'address', factor: 1, min: 1 },
  { name: 'user', requestClass: 'all', countBy: 'user', factor: 3, min: 1 },
  { name: 'key', requestClass: 'all', countBy: 'key', factor: 3, min: 1 },
  { name: 'organization', requestClass: 'all', countBy: 'organization', factor: 20, min: 1 },
  { name: 'auth', requestClass: 'auth', countBy: 'address', factor: 0.25, min: 60 },
  { name: 'search', requestClass: 'search', countBy: 'user', factor: 0.25, min: 30 },
  { name: 'searches', requestClass: 'search', countBy: 'organization', factor: 1, min: 60 },
  { name: 'write', requestClass: 'write', countBy: 'user', factor: 1, min: 60 },
  {
    name: 'write-bytes',
    requestClass: 'write',
    countBy: 'organization',
    countsBytes: true,
    factor: 100_000,
    min: 16_777_216,
  },
  { name: 'upload', requestClass: 'upload', countBy: 'user', factor: 0.25, min: 30 },
  {
    name: 'mail',
    requestClass: 'mail',
    countBy: 'organization',
    factor: 0.25,
    min: 30,
    failMode: 'closed',
  },
  { name: 'signal', requestClass: 'signal', countBy: 'user', factor: 0, min: 100 },
  { name: 'signals', requestClass: 'signal', countBy: 'channel', factor: 0, min: 300 },
];

const SIGNAL_WINDOW_MS = 10_000;

/** The rate limits with their configured numbers. */
export const rateLimitRules = (config: { windowMs: number; maxRequests: number }) =>
  rateLimits.map(({ factor, min, failMode = 'open', ...rule }) => ({
    ...rule,
    failMode,
    limit: Math.max(min, Math.ceil(factor * config.maxRequests)),
    windowMs: rule.requestClass === 'signal' ? SIGNAL_WINDOW_MS : config.windowMs,
  }));

/** Reads of one user that a process answers at the same time. */
export const MAX_CONCURRENT_READS = 32;

/** Maximum size of a JSON body by class, unless its route sets another; never above JSON_LIMIT_BYTES. */
export const bodyLimitBytes: Record<RequestClass, number> = {
  auth: 16_384,
  read: 65_536,
  search: 65_536,
  write: 65_536,
  upload: 65_536,
  mail: 16_384,
};

/** Limits of one socket and of unauthenticated connections, per replica. */
export const socketLimits = {
  calls: { perSecond: 100, burst: 200 },
  /** Calls of all sockets of a user or API key. */
  userCalls: { perSecond: 300, burst: 1_000 },
  /** Calls above a limit, which are not acknowledged; then the socket is closed. */
  refusals: { perSecond: 10, burst: 100 },
  /** How long the user of a closed socket cannot open another one. */
  blockMs: 10_000,
  /** Bytes of history that the subscriptions of a user read; above it they wait. */
  history: { perSecond: 2_097_152, burst: 16_777_216 },
  messageBytes: 65_536,
  /** Unauthenticated connections of one address; more are refused. */
  unauthenticatedPerAddress: 100,
  /** How long a connection may take to authenticate. */
  unauthenticatedTimeoutMs: 5_000,
} as const;

const paths: readonly [RegExp, RequestClass][] = [
  [/^\/v1\/(?:auth\/|invitations\/accept$|unsubscribe$)/, 'auth'],
  [/^\/v1\/invitations(?:\/|$)/, 'mail'],
];

/** Rate limit class of a route; a read with `?q=` is a search. */
export function classOf(route: { method: string; path: string; body?: unknown }): RequestClass {
  if (route.method === 'GET' || route.method === 'OPTIONS') return 'read';
  // A part of an upload that was counted when it was created.
  if (route.method === 'PATCH' && route.path === '/v1/uploads/:id') return 'write';
  if (route.body !== undefined) return 'upload';
  const match = route.method === 'POST' && paths.find(([path]) => path.test(route.path));
  return match ? match[1] : 'write';
}
