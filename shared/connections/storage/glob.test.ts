import { expect, test } from 'bun:test';
import { matchesGlob } from './glob.ts';

test.each([
  ['', '', true],
  ['', '*', true],
  ['a', '', false],
  ['photo.jpg', '*.jpg', true],
  ['photo.jpg', '*.jp', false],
  ['photo.jpg', 'p?oto.*', true],
  ['poto.jpg', 'p?oto.*', false],
  ['a/b/c', 'a*c', true],
  ['abcabd', '*abd', true],
  ['a.b', 'a?b', true],
  ['axb', 'a.b', false],
  ['ab', 'ab**', true],
  ['ab', 'ab?', false],
])('matchesGlob: text %j, pattern %j: %p', (text, pattern, expected) => {
  expect(matchesGlob(text, pattern)).toBe(expected);
});

test('matchesGlob returns in time for a pattern with many wildcards', () => {
  expect(matchesGlob('a'.repeat(512), `${'a*'.repeat(250)}b`)).toBe(false);
});
