import { expect, test } from 'bun:test';
import { parseByteRange } from './byte-range.ts';
import { matchesEtag } from './entity-tag.ts';

const all = undefined;
const no = 'unsatisfiable' as const;

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-5', { start: 2, end: 5 }],
  ['bytes=8-', { start: 8, end: 9 }],
  ['bytes=0-999', { start: 0, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['BYTES=0-1', { start: 0, end: 1 }],
  ['bytes=10-', no],
  ['bytes=10-12', no],
  ['bytes=-0', no],
  ['bytes=5-4', all],
  ['bytes=0-1,4-5', all],
  ['bytes=-', all],
  ['bytes=a-b', all],
  ['lines=0-1', all],
  ['', all],
  [undefined, all],
])('of 10 bytes, %p asks for %p', (header, expected) => {
  expect(parseByteRange(header, 10)).toEqual(expected);
});

test.each([
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ['*', true],
  ['"b"', false],
  ['a', false],
  [undefined, false],
])('If-None-Match %p names "a": %p', (header, expected) => {
  expect(matchesEtag(header, '"a"')).toBe(expected);
  expect(matchesEtag(header, 'W/"a"')).toBe(expected);
});
