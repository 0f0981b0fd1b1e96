/** Whom a limit counts: each address, each person, each API key, each organisation, each channel. */
export type Limited = 'address' | 'user' | 'key' | 'organization' | 'channel';

/** What a request is to the limits; every request is also one of `all`. */
export type RequestClass = 'auth' | 'read' | 'search' | 'write' | 'upload' | 'mail';

/**
 * Every limit of rates. HTTP rows are `times` RATE_LIMIT_MAX_REQUESTS per RATE_LIMIT_WINDOW_MS, but
 * never below `least`; signals are `least` per 10 s. While Valkey is away an `open` row goes by what
 * each process counts by itself, and a `closed` one lets nobody through.
 */
export const rateLimits = [
  { name: 'address', of: 'all', by: 'address', times: 1, least: 1, away: 'open' },
  { name: 'user', of: 'all', by: 'user', times: 3, least: 1, away: 'open' },
  { name: 'key', of: 'all', by: 'key', times: 3, least: 1, away: 'open' },
  { name: 'organization', of: 'all', by: 'organization', times: 20, least: 1, away: 'open' },
  { name: 'auth', of: 'auth', by: 'address', times: 0.25, least: 60, away: 'open' },
  { name: 'search', of: 'search', by: 'user', times: 0.25, least: 30, away: 'open' },
  { name: 'searches', of: 'search', by: 'organization', times: 1, least: 60, away: 'open' },
  { name: 'write', of: 'write', by: 'user', times: 1, least: 60, away: 'open' },
  { name: 'upload', of: 'upload', by: 'user', times: 0.25, least: 30, away: 'open' },
  { name: 'mail', of: 'mail', by: 'organization', times: 0.25, least: 30, away: 'closed' },
  { name: 'signal', of: 'signal', by: 'user', times: 0, least: 100, away: 'open' },
  { name: 'signals', of: 'signal', by: 'channel', times: 0, least: 300, away: 'open' },
] as const satisfies readonly {
  name: string;
  of: RequestClass | 'all' | 'signal';
  by: Limited;
  times: number;
  least: number;
  away: 'open' | 'closed';
}[];

const SIGNAL_WINDOW_MS = 10_000;

/** The rows with their numbers, as they are configured. */
export const rateRows = (config: { windowMs: number; maxRequests: number }) =>
  rateLimits.map(({ times, least, ...row }) => ({
    ...row,
    limit: Math.max(least, Math.ceil(times * config.maxRequests)),
    windowMs: row.of === 'signal' ? SIGNAL_WINDOW_MS : config.windowMs,
  }));

/** How large a JSON body may be unless its route says otherwise; JSON_LIMIT_BYTES is the most. */
export const bodyLimitBytes: Record<RequestClass, number> = {
  auth: 16_384,
  read: 524_288,
  search: 524_288,
  write: 524_288,
  upload: 524_288,
  mail: 16_384,
};

/** What one socket and those who have not said who they are yet may do, per replica. */
export const socketLimits = {
  calls: { perSecond: 100, burst: 200 },
  messageBytes: 65_536,
  /** Of one address, until they have authenticated; beyond it newcomers are told to come later. */
  strangersPerAddress: 100,
  /** How long a connection may take to say who it is. */
  strangerMs: 5_000,
} as const;

const paths: readonly [RegExp, RequestClass][] = [
  [/^\/v1\/(?:auth\/|invitations\/accept$)/, 'auth'],
  [/^\/v1\/invitations(?:\/|$)/, 'mail'],
];

/** What a route is to the limits, by its path; a read with `?q=` is a search. */
export function classOf(route: { method: string; path: string; body?: unknown }): RequestClass {
  if (route.method === 'GET' || route.method === 'OPTIONS') return 'read';
  // A piece of an upload that was counted when it began.
  if (route.method === 'PATCH' && route.path === '/v1/uploads/:id') return 'write';
  if (route.body !== undefined) return 'upload';
  const known = route.method === 'POST' && paths.find(([path]) => path.test(route.path));
  return known ? known[1] : 'write';
}
