import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../tools/verify/run.ts';

const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const section = page.slice(page.indexOf('## Where a front end lives'));
const [, json = ''] = /```json\n([\s\S]*?)```/.exec(section) ?? [];
const vercel = JSON.parse(json) as {
  rewrites: { source: string; destination: string }[];
  headers: { source: string; headers: { key: string; value: string }[] }[];
};

test('vercel.json keeps what is named by its content, and nothing else', () => {
  const cached = vercel.headers.map(({ source, headers }) => [
    source,
    headers.find(({ key }) => key === 'Cache-Control')?.value,
  ]);
  expect(cached).toEqual([
    ['/assets/(.*)', 'public, max-age=31536000, immutable'],
    ['/((?!assets/).*)', 'no-cache'],
  ]);
});

test('it sends no request of the API through the host of pages', () => {
  expect(vercel.rewrites.map(({ destination }) => destination)).toEqual(['/index.html']);
});

test('a page may talk to the API and its sockets, and nobody may frame it', () => {
  const values = vercel.headers.flatMap(({ headers }) => headers);
  const policy = values.find(({ key }) => key === 'Content-Security-Policy')?.value;
  const rules = new Map(
    policy?.split('; ').map((rule): [string, string[]] => {
      const [name = '', ...sources] = rule.split(' ');
      return [name, sources];
    }),
  );
  expect(rules.get('connect-src')).toEqual([
    "'self'",
    'https://api.example.com',
    'wss://api.example.com',
  ]);
  expect(rules.get('frame-ancestors')).toEqual(["'none'"]);
  expect(rules.get('default-src')).toEqual(["'self'"]);
});
