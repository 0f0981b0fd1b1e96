import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { SESSION_MODE } from './session-cookies.ts';

const accepted = [
  ...['Authorization', 'Content-Type', 'X-Request-Id', 'Idempotency-Key', 'Traceparent'],
  ...['If-None-Match', 'If-Match', 'Range', 'If-Range', SESSION_MODE],
  ...['Tus-Resumable', 'Upload-Length', 'Upload-Metadata', 'Upload-Offset'],
];

const exposed = [
  ...['Idempotency-Replayed', 'Deprecation', 'Sunset', 'Link'],
  ...['X-Request-Id', 'ETag', 'Location', 'Content-Disposition', 'Content-Range', 'Retry-After'],
  ...['Tus-Resumable', 'Tus-Version', 'Tus-Extension', 'Tus-Max-Size'],
  ...['Upload-Length', 'Upload-Metadata', 'Upload-Offset', 'Upload-Expires'],
  ...['RateLimit', 'RateLimit-Policy'],
  ...['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
];

/**
 * Lets the scripts of these origins read our answers. Hono's own middleware answers preflights only:
 * on other requests it copies each answer and turns its body into a stream.
 */
export function corsByList(origins: readonly string[]): MiddlewareHandler {
  const allowed = new Set(origins);
  const preflight = cors({
    origin: [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: accepted,
    // Browsers that keep their session in cookies.
    credentials: true,
    maxAge: 600,
  });
  return function corsByList(c, next) {
    const origin = c.req.header('Origin');
    if (origin === undefined) return next();
    if (c.req.method === 'OPTIONS') return preflight(c, next);
    if (allowed.has(origin)) {
      c.header('Access-Control-Allow-Origin', origin);
      c.header('Access-Control-Allow-Credentials', 'true');
      c.header('Access-Control-Expose-Headers', exposed.join(', '));
    }
    return next();
  };
}
