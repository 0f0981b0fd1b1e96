import { expect, test } from 'bun:test';
import { checkDocReferences } from './doc-references.ts';

const known = new Set([
  '.',
  'shared',
  'shared/a.ts',
  'shared/b.ts',
  'docs',
  'docs/x.md',
  'docs/y.md',
]);
const check = (markdown: string, document = 'docs/x.md') =>
  checkDocReferences(document, markdown, (path) => known.has(path));

test.each([
  'See `shared/a.ts`, `shared/`, `shared/{a,b}.ts` and [y](y.md), [y](../docs/y.md#part).',
  'Not paths: `text/html`, `GET /v1/me`, `shared/*/index.ts`, `shared/<name>.ts`, `/health/live`, `./x.ts`.',
  'Elsewhere: [out](https://example.com/shared/z.ts), [top](#top), `.data/run.json`.',
  '```\nshared/z.ts `shared/z.ts`\n```',
])('checkDocReferences accepts: %s', (markdown) => {
  expect(check(markdown)).toEqual([]);
});

test.each([
  ['`shared/z.ts`', 'shared/z.ts'],
  ['`shared/{a,z}.ts`', 'shared/{a,z}.ts'],
  ['[z](z.md)', 'z.md'],
  ['[a](shared/a.ts)', 'shared/a.ts'],
])('checkDocReferences reports the missing path %s', (markdown, path) => {
  expect(check(`# T\n\n${markdown}`)).toEqual([
    `docs/x.md:3 refers to ${path}, which does not exist`,
  ]);
});
