import { expect, test } from 'bun:test';
import { permissionNames } from '@insightdesk/shared/contract';
import { routes } from './routes.ts';
import { openTestApi } from './testing/test-api.ts';

test('every route declares a permission; who may be nobody is under /v1/auth, accepts an invitation or asks what tus can do', () => {
  const known = new Set<string>(permissionNames);
  const open = routes.filter(({ allow }) => allow === 'anyone');
  expect(routes.filter(({ allow }) => allow !== 'anyone' && !known.has(allow))).toEqual([]);
  const isEntrance = (path: string) => /^\/v1\/(auth\/|invitations\/accept$)/.test(path);
  const others = open.filter(({ path }) => !isEntrance(path));
  expect(others.map(({ method, path }) => `${method} ${path}`)).toEqual(['OPTIONS /v1/uploads']);
});

test('what the API answers beside its routes is known: of a tenant is only what is signed', () => {
  const inTable = new Set(routes.map(({ path }) => path));
  const others = openTestApi(routes)
    .app.routes.map(({ path }) => path)
    .filter((path) => !inTable.has(path) && !path.endsWith('*'));
  expect(
    [...new Set(others)].filter(
      (path) =>
        !/^\/($|health|metrics|docs|invitations|reset-password|verify-email|openapi|asyncapi|files)/.test(
          path,
        ),
    ),
  ).toEqual([]);
});
