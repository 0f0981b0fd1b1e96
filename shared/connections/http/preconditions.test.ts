import { expect, test } from 'bun:test';
import { isRangeOfSame, judgeConditions } from './preconditions.ts';

const modifiedAt = new Date('2026-03-01T12:00:00.750Z');
const state = { etag: '"tag"', modifiedAt };
const then = 'Sun, 01 Mar 2026 12:00:00 GMT';
const before = 'Sun, 01 Mar 2026 11:59:59 GMT';
const after = 'Sun, 01 Mar 2026 12:00:01 GMT';

test.each([
  [{}, 'met'],
  [{ 'If-None-Match': '"tag"' }, 'unchanged'],
  [{ 'If-None-Match': 'W/"tag"' }, 'unchanged'],
  [{ 'If-None-Match': '"a", "tag"' }, 'unchanged'],
  [{ 'If-None-Match': '*' }, 'unchanged'],
  [{ 'If-None-Match': '"other"' }, 'met'],
  [{ 'If-None-Match': '"other"', 'If-Modified-Since': after }, 'met'],
  [{ 'If-Modified-Since': then }, 'unchanged'],
  [{ 'If-Modified-Since': after }, 'unchanged'],
  [{ 'If-Modified-Since': before }, 'met'],
  [{ 'If-Modified-Since': 'lately' }, 'met'],
  [{ 'If-Match': '"tag"' }, 'met'],
  [{ 'If-Match': '"other", "tag"' }, 'met'],
  [{ 'If-Match': '*' }, 'met'],
  [{ 'If-Match': '"other"' }, 'failed'],
  [{ 'If-Match': 'W/"tag"' }, 'failed'],
  [{ 'If-Match': '"other"', 'If-None-Match': '"tag"' }, 'failed'],
  [{ 'If-Match': '"tag"', 'If-Unmodified-Since': before }, 'met'],
  [{ 'If-Unmodified-Since': before }, 'failed'],
  [{ 'If-Unmodified-Since': then }, 'met'],
  [{ 'If-Unmodified-Since': 'lately' }, 'met'],
] as const)('%p is %s', (headers, expected) => {
  expect(judgeConditions(new Headers(headers), state)).toBe(expected);
});

test('dates are no conditions where none is known', () => {
  const headers = new Headers({ 'If-Modified-Since': after, 'If-Unmodified-Since': before });
  expect(judgeConditions(headers, { etag: '"tag"' })).toBe('met');
});

test.each([
  [undefined, true],
  ['"tag"', true],
  ['"other"', false],
  ['W/"tag"', false],
  [then, true],
  [before, false],
  [after, false],
  ['lately', false],
])('If-Range %p: %p', (value, expected) => {
  const headers = new Headers(value === undefined ? {} : { 'If-Range': value });
  expect(isRangeOfSame(headers, state)).toBe(expected);
});

test('a weak tag names no range', () => {
  expect(isRangeOfSame(new Headers({ 'If-Range': 'W/"tag"' }), { etag: 'W/"tag"' })).toBe(false);
});
