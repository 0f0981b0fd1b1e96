import { expect, test } from 'bun:test';
import { safeDisplayName } from './safe-display-name.ts';

test.each([
  ['Acme', '“Acme”'],
  ['Acme” is safe. Your account: “x', "“Acme' is safe. Your account: 'x”"],
  ['see evil.example/login', '“see evil. example/login”'],
  ['https://evil.example', '“https: / / evil. example”'],
  ['me@evil.example', '“me@ evil. example”'],
  ['safe\u202egnihsihp', '“safe gnihsihp”'],
  ['two\nlines', '“two lines”'],
])('%j is displayed as %s', (name, displayed) => {
  expect(safeDisplayName(name)).toBe(displayed);
});

test('a long name is truncated', () => {
  expect(safeDisplayName('x'.repeat(200)).length).toBeLessThanOrEqual(84);
});
