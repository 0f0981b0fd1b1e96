import { expect, test } from 'bun:test';
import { matchesEtag } from './matches-etag.ts';
import { parseByteRange } from './parse-byte-range.ts';

const ignored = undefined;
const unsatisfiable = 'unsatisfiable' as const;

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-5', { start: 2, end: 5 }],
  ['bytes=8-', { start: 8, end: 9 }],
  ['bytes=0-999', { start: 0, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['BYTES=0-1', { start: 0, end: 1 }],
  ['bytes=10-', unsatisfiable],
  ['bytes=10-12', unsatisfiable],
  ['bytes=-0', unsatisfiable],
  ['bytes=5-4', ignored],
  ['bytes=0-1,4-5', ignored],
  ['bytes=-', ignored],
  ['bytes=a-b', ignored],
  ['lines=0-1', ignored],
  ['', ignored],
  [undefined, ignored],
])('parseByteRange: %p of 10 bytes is %p', (header, expected) => {
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
])('matchesEtag: If-None-Match %p matches "a": %p', (header, expected) => {
  expect(matchesEtag(header, '"a"')).toBe(expected);
  expect(matchesEtag(header, 'W/"a"')).toBe(expected);
});
