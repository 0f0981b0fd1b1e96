import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { permissionNames } from '@insightdesk/shared/contract';
import { routes } from './routes.ts';
import { openTestApi } from './test-api.ts';

const root = join(import.meta.dir, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const files = [...new Bun.Glob('shared/domain/*/*.ts').scanSync(root)]
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: read(path) }));
const isAction = ({ text }: { text: string }) => text.includes('= defineAction(');

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const importOf = /import \{([^}]*)\} from '@insightdesk\/shared\/domain\/([a-z]+)'/g;

const namesIn = (text: string) => text.split(',').map((name) => name.trim());

/** What a file takes from the features, and which file of theirs has it. */
const takenBy = (text: string) =>
  [...text.matchAll(importOf)].flatMap(([, names = '', feature = '']) => {
    const index = read(`shared/domain/${feature}/index.ts`);
    return [...index.matchAll(/export \{([^}]*)\} from '\.\/(.+)'/g)].flatMap(
      ([, exported = '', file]) =>
        namesIn(exported)
          .filter((name) => namesIn(names).includes(name))
          .map((name) => ({ name, path: `shared/domain/${feature}/${file}` })),
    );
  });

/** What the operator's command reads with: it does nothing. */
const parts = new Set(['archiveOf', 'auditedOrganizations', 'catalogue', 'flagNames', 'readFlags']);
const callers = [...new Bun.Glob('deploy/desk/*.ts').scanSync(root)]
  .filter((path) => !path.endsWith('.test.ts'))
  .concat('services/worker/jobs.ts');
const done = callers
  .flatMap((path) => takenBy(read(path)))
  .filter(({ name }) => /^[a-z]\w*$/.test(name) && !parts.has(name));
const verbs = files.filter((file) => isAction(file) || done.some(({ path }) => path === file.path));

test('what a route does stands in the file named for it', () => {
  const called = [...read('services/api/routes.ts').matchAll(importOf)].flatMap(
    ([, names = '', feature = '']) =>
      [...names.matchAll(/\w+/g)].map(([name]) => ({ name, feature })),
  );
  const actions = called.filter(({ name }) => !name.endsWith('View'));
  expect(actions.length).toBeGreaterThan(30);
  const lost = actions.filter(({ name, feature }) => {
    const path = `shared/domain/${feature}/${kebab(name)}.ts`;
    return !files.some(
      (one) => one.path === path && isAction(one) && one.text.includes(`const ${name} =`),
    );
  });
  expect(lost).toEqual([]);
});

test('what the worker and the operator do stands in the file named for it', () => {
  expect(done.length).toBeGreaterThan(40);
  const lost = done.filter(({ name, path }) => !path.endsWith(`/${kebab(name)}.ts`));
  expect(lost).toEqual([]);
});

test('a file of the domain holds one verb, and verbs do not import verbs', () => {
  const several = verbs.filter(
    ({ text }) =>
      text.split('= defineAction(').length > 2 ||
      [...text.matchAll(/^export (async )?function|^export const \w+ = (async )?\(/gm)].length > 1,
  );
  expect(several.map(({ path }) => path)).toEqual([]);
  const crossed = files
    .filter(({ path }) => !path.endsWith('/index.ts'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/from '\.\/([^']+)'/g)]
        .map(([, other = '']) => join(path, '..', other))
        .filter((other) => verbs.some((verb) => verb.path === other))
        .map((other) => `${path} imports ${other}`),
    );
  expect(crossed).toEqual([]);
});

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
