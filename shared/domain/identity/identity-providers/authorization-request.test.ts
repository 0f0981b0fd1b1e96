import { expect, test } from 'bun:test';
import { normalizeRedirect } from './authorization-request.ts';

const settings = { origins: ['https://desk.example', 'https://app.example:8443'] };
const normalize = (redirectTo: string) => normalizeRedirect({ settings }, redirectTo);

test.each([
  ['https://desk.example', 'https://desk.example/'],
  ['HTTPS://DESK.example:443/a/../b?x=1 2', 'https://desk.example/b?x=1%202'],
  ['https://user:password@desk.example/', 'https://desk.example/'],
  ['https://desk.example/in#token=forged', 'https://desk.example/in'],
  ['https:\\\\desk.example\\in', 'https://desk.example/in'],
  ['https://desk.example\\.evil.example/', 'https://desk.example/.evil.example/'],
  [' \thttps://app.example:8443/\nin ', 'https://app.example:8443/in'],
])('redirectTo %p is normalized to %p', (redirectTo, expected) => {
  expect(normalize(redirectTo)).toBe(expected);
});

test.each([
  'https://evil.example/',
  'https://desk.example@evil.example/',
  'https://desk.example.evil.example/',
  'http://desk.example/',
  'https://app.example/',
  '//desk.example/',
  'javascript:alert(1)//https://desk.example/',
  'blob:https://desk.example/0',
  'not a URL',
])('redirectTo %p is rejected', (redirectTo) => {
  expect(() => normalize(redirectTo)).toThrow();
});
