import { expect, test } from 'bun:test';
import { bodyLimitBytes, classOf, rateLimitRules } from './limits.ts';

test.each([
  ['POST', '/v1/auth/login', 'auth', 16_384],
  ['POST', '/v1/auth/any/later/one', 'auth', 16_384],
  ['POST', '/v1/invitations/accept', 'auth', 16_384],
  ['POST', '/v1/invitations', 'mail', 16_384],
  ['POST', '/v1/invitations/:id/resend', 'mail', 16_384],
  ['GET', '/v1/auth/sessions', 'read', 65_536],
  ['POST', '/v1/authors', 'write', 65_536],
  ['PATCH', '/v1/conversations/:id', 'write', 65_536],
  ['DELETE', '/v1/webhooks/:id', 'write', 65_536],
] as const)('classOf: %s %s is %s', (method, path, kind, bytes) => {
  expect(classOf({ method, path })).toBe(kind);
  expect(bodyLimitBytes[kind]).toBe(bytes);
});

test('classOf: a route with a body schema is an upload', () => {
  expect(classOf({ method: 'POST', path: '/v1/attachments', body: {} })).toBe('upload');
});

test('rateLimitRules: limits scale with RATE_LIMIT_MAX_REQUESTS, but not below their minimum', () => {
  const limitOf = (maxRequests: number) =>
    Object.fromEntries(
      rateLimitRules({ windowMs: 60_000, maxRequests }).map(({ name, limit }) => [name, limit]),
    );
  expect(limitOf(300)).toMatchObject({ address: 300, user: 900, auth: 75, search: 75, mail: 75 });
  expect(limitOf(7)).toMatchObject({ address: 7, user: 21, auth: 60, search: 30 });
  expect(limitOf(1_000_000)).toMatchObject({ auth: 250_000, signal: 100 });
});
