import type { MiddlewareHandler } from 'hono';

const headers = Object.entries({
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
  Vary: 'Accept-Encoding, Origin',
});

/** Default security headers of all responses; HSTS is set where TLS ends. */
export function securityHeaders(): MiddlewareHandler {
  return function securityHeaders(c, next) {
    for (const [name, value] of headers) c.header(name, value);
    return next();
  };
}
