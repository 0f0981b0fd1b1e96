import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../tools/verify/run.ts';

const page = readFileSync(join(root, 'docs/operations/frontends.md'), 'utf8');
const [, json = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
const vercel = JSON.parse(json) as {
  rewrites: { source: string; destination: string }[];
  headers: { source: string; headers: { key: string; value: string }[] }[];
};

test('vercel.json caches only files named by their content hash', () => {
  const cached = vercel.headers.map(({ source, headers }) => [
    source,
    headers.find(({ key }) => key === 'Cache-Control')?.value,
  ]);
  expect(cached).toEqual([
    ['/assets/(.*)', 'public, max-age=31536000, immutable'],
    ['/((?!assets/).*)', 'no-cache'],
  ]);
});

test('vercel.json proxies no API request', () => {
  expect(vercel.rewrites.map(({ destination }) => destination)).toEqual(['/index.html']);
});

test('the content security policy allows the API and its sockets and forbids framing', () => {
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
