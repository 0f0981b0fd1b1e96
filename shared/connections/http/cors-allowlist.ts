import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
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

/**
 * Allows scripts of these origins to read responses. Hono's own middleware handles preflights only,
 * because it copies every other response and turns its body into a stream.
 */
export function corsAllowlist(origins: readonly string[]): MiddlewareHandler {
  const allowed = new Set(origins);
  const preflight = cors({
    origin: [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: requestHeaders,
    // For sessions in cookies.
    credentials: true,
    maxAge: 600,
  });
  return function corsAllowlist(c, next) {
    const origin = c.req.header('Origin');
    if (origin === undefined) return next();
    if (c.req.method === 'OPTIONS') return preflight(c, next);
    if (allowed.has(origin)) {
      c.header('Access-Control-Allow-Origin', origin);
      c.header('Access-Control-Allow-Credentials', 'true');
      c.header('Access-Control-Expose-Headers', responseHeaders.join(', '));
    }
    return next();
  };
}
