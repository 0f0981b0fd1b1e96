import { expect, test } from 'bun:test';
import { isAllowedOrigin, readCookie } from './session-cookies.ts';

test.each([
  ['a=1; b=2', '2'],
  ['b=2', '2'],
  ['b=x=y==', 'x=y=='],
  ['a=1', undefined],
  ['b=', undefined],
  ['b=1; b=2', undefined],
  ['xb=1; ab=2', undefined],
  [undefined, undefined],
])('readCookie: the cookie b of %p is %p', (header, value) => {
  expect(readCookie(header, 'b')).toBe(value);
});

test.each([
  ['https://desk.example', undefined, true],
  ['https://desk.example', 'cross-site', true],
  ['https://evil.example', 'same-site', false],
  ['https://desk.example.evil', undefined, false],
  ['null', 'same-origin', false],
  [undefined, 'same-origin', true],
  [undefined, 'same-site', false],
  [undefined, 'none', false],
  [undefined, undefined, false],
])('isAllowedOrigin: Origin %p with Sec-Fetch-Site %p is %p', (origin, fetchSite, isAllowed) => {
  expect(isAllowedOrigin(['https://desk.example'], { origin, fetchSite })).toBe(isAllowed);
});
