import { expect, test } from 'bun:test';
import { evaluatePreconditions, matchesIfRange } from './evaluate-preconditions.ts';

const modifiedAt = new Date('2026-03-01T12:00:00.750Z');
const state = { etag: '"tag"', modifiedAt };
const same = 'Sun, 01 Mar 2026 12:00:00 GMT';
const before = 'Sun, 01 Mar 2026 11:59:59 GMT';
const after = 'Sun, 01 Mar 2026 12:00:01 GMT';

test.each([
  [{}, 'met'],
  [{ 'If-None-Match': '"tag"' }, 'not-modified'],
  [{ 'If-None-Match': 'W/"tag"' }, 'not-modified'],
  [{ 'If-None-Match': '"a", "tag"' }, 'not-modified'],
  [{ 'If-None-Match': '*' }, 'not-modified'],
  [{ 'If-None-Match': '"other"' }, 'met'],
  [{ 'If-None-Match': '"other"', 'If-Modified-Since': after }, 'met'],
  [{ 'If-Modified-Since': same }, 'not-modified'],
  [{ 'If-Modified-Since': after }, 'not-modified'],
  [{ 'If-Modified-Since': before }, 'met'],
  [{ 'If-Modified-Since': 'invalid' }, 'met'],
  [{ 'If-Match': '"tag"' }, 'met'],
  [{ 'If-Match': '"other", "tag"' }, 'met'],
  [{ 'If-Match': '*' }, 'met'],
  [{ 'If-Match': '"other"' }, 'failed'],
  [{ 'If-Match': 'W/"tag"' }, 'failed'],
  [{ 'If-Match': '"other"', 'If-None-Match': '"tag"' }, 'failed'],
  [{ 'If-Match': '"tag"', 'If-Unmodified-Since': before }, 'met'],
  [{ 'If-Unmodified-Since': before }, 'failed'],
  [{ 'If-Unmodified-Since': same }, 'met'],
  [{ 'If-Unmodified-Since': 'invalid' }, 'met'],
] as const)('evaluatePreconditions: %p is %s', (headers, expected) => {
  expect(evaluatePreconditions(new Headers(headers), state)).toBe(expected);
});

test('evaluatePreconditions: dates are ignored without a modification date', () => {
  const headers = new Headers({ 'If-Modified-Since': after, 'If-Unmodified-Since': before });
  expect(evaluatePreconditions(headers, { etag: '"tag"' })).toBe('met');
});

test.each([
  [undefined, true],
  ['"tag"', true],
  ['"other"', false],
  ['W/"tag"', false],
  [same, true],
  [before, false],
  [after, false],
  ['invalid', false],
])('matchesIfRange: %p is %p', (value, expected) => {
  const headers = new Headers(value === undefined ? {} : { 'If-Range': value });
  expect(matchesIfRange(headers, state)).toBe(expected);
});

test('matchesIfRange: a weak tag does not match', () => {
  expect(matchesIfRange(new Headers({ 'If-Range': 'W/"tag"' }), { etag: 'W/"tag"' })).toBe(false);
});
