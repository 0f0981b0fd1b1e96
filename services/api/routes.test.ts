import { expect, test } from 'bun:test';
import { permissionNames } from '@insightdesk/shared/contract';
import { enabledRoutes } from './route.ts';
import { routes } from './routes.ts';
import { createTestApi } from './testing/test-api.ts';

test('every route has a permission; public are /v1/auth, accepting invitations, unsubscribing and the tus capabilities', () => {
  const known = new Set<string>(permissionNames);
  const publicRoutes = routes.filter(({ allow }) => allow === 'anyone');
  expect(routes.filter(({ allow }) => allow !== 'anyone' && !known.has(allow))).toEqual([]);
  const isAuthPath = (path: string) => /^\/v1\/(auth\/|invitations\/accept$)/.test(path);
  const others = publicRoutes.filter(({ path }) => !isAuthPath(path));
  expect(others.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'OPTIONS /v1/uploads',
    'GET /v1/unsubscribe',
    'POST /v1/unsubscribe',
  ]);
});

test('paths outside the route table are health, docs, pages, their assets, public keys and signed files', () => {
  const inTable = new Set(routes.map(({ path }) => path));
  const others = createTestApi(routes)
    .app.routes.map(({ path }) => path)
    .filter((path) => !inTable.has(path) && !path.endsWith('*'));
  expect(
    [...new Set(others)].filter(
      (path) =>
        !/^\/($|health|metrics|docs|assets|favicon|invitations|reset-password|unsubscribe|verify-email|openapi|asyncapi|files|\.well-known)/.test(
          path,
        ),
    ),
  ).toEqual([]);
});

test('enabledRoutes: routes of a disabled feature are removed', () => {
  const enabled = enabledRoutes(routes, { twoFactor: false, oauth: false });
  const isOptional = ({ path }: { path: string }) =>
    /^\/v1\/(auth\/(two-factor|passkeys|oauth)|identity-providers)/.test(path);
  expect(enabled.filter(isOptional)).toEqual([]);
  expect(routes.filter((route) => !enabled.includes(route)).every(isOptional)).toBe(true);
  const onlyOauth = enabledRoutes(routes, { twoFactor: false, oauth: true });
  expect(onlyOauth.some(({ path }) => path === '/v1/identity-providers')).toBe(true);
});
