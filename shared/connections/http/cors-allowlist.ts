import type { Context, MiddlewareHandler } from 'hono';
import { SESSION_MODE_HEADER } from './session-cookies.ts';

const requestHeaders = [
  ...['Authorization', 'Content-Type', 'X-Request-Id', 'Idempotency-Key', 'Traceparent'],
  ...['If-None-Match', 'If-Match', 'Range', 'If-Range', SESSION_MODE_HEADER],
  ...['Tus-Resumable', 'Upload-Length', 'Upload-Metadata', 'Upload-Offset'],
];

const responseHeaders = [
  ...['Idempotency-Replayed', 'Deprecation', 'Sunset', 'Link'],
  ...['X-Request-Id', 'ETag', 'Location', 'Content-Disposition', 'Content-Range', 'Retry-After'],
  ...['Tus-Resumable', 'Tus-Version', 'Tus-Extension', 'Tus-Max-Size'],
  ...['Upload-Length', 'Upload-Metadata', 'Upload-Offset', 'Upload-Expires'],
  ...['RateLimit', 'RateLimit-Policy'],
  ...['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
];

const preflightHeaders = Object.entries({
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers': requestHeaders.join(', '),
  'Access-Control-Max-Age': '600',
});

/** Allows scripts of these origins to read responses, also of requests with session cookies. */
export function corsAllowlist(origins: readonly string[]): MiddlewareHandler {
  const allowed = new Set(origins);
  return function corsAllowlist(c, next) {
    const origin = c.req.header('Origin');
    if (origin === undefined) return next();
    const isAllowed = allowed.has(origin);
    if (isAllowed) {
      c.header('Access-Control-Allow-Origin', origin);
      c.header('Access-Control-Allow-Credentials', 'true');
    }
    if (isPreflight(c)) {
      c.header('Vary', 'Origin');
      if (isAllowed) for (const [name, value] of preflightHeaders) c.header(name, value);
      return Promise.resolve(c.body(null, 204));
    }
    if (isAllowed) c.header('Access-Control-Expose-Headers', responseHeaders.join(', '));
    return next();
  };
}

const isPreflight = ({ req }: Context) =>
  req.method === 'OPTIONS' && req.header('Access-Control-Request-Method') !== undefined;
