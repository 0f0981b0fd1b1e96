import { expect, test } from 'bun:test';
import { checkPath, checkWords } from './words.ts';

test.each([
  ['an identifier', 'shared/a.ts', 'export const keptRows = 1;', 'kept'],
  ['a constant', 'shared/a.ts', 'const MOST_ROWS = 10;', 'most'],
  ['a property', 'shared/a.ts', 'log.info({ toldAt: 1 });', 'told'],
  ['a log message', 'shared/a.ts', "log.warn('realtime: trouble with a socket');", 'trouble'],
  ['an error message', 'shared/a.ts', "throw new Error('Not told: x');", 'told'],
  ['a test title', 'shared/a.test.ts', "test('an event is told once', () => {});", 'told'],
  ['a title of a table', 'shared/a.test.ts', "test.each([1])('%p is kept', () => {});", 'kept'],
])('checkWords rejects a refused word in %s', (_, path, source, word) => {
  expect(checkWords(path, source)).toEqual([expect.stringContaining(`not '${word}' but`)]);
});

test('checkPath rejects a refused word in file and folder names', () => {
  expect(checkPath('shared/told-errors.ts')).toHaveLength(1);
  expect(checkPath('shared/leftovers/index.ts')).toHaveLength(1);
});

test.each([
  ["test('what is refused', () => {});", 'starts with its subject'],
  ["test('small bodies', () => {});", 'subject, verb and condition'],
])('checkWords rejects the title of %s', (source, reason) => {
  expect(checkWords('shared/a.test.ts', source)).toEqual([expect.stringContaining(reason)]);
});

test.each([
  ['shared/a.ts', 'const options = { keepAlive: true, almost: 1 };'],
  ['shared/a.ts', "const type = 'told';"],
  ['shared/a.test.ts', "const data = 'a stranger was told';"],
  ['shared/a.test.ts', "describe('GET /a', () => test('answers 404 without a token', () => {}));"],
  ['shared/a.test.ts', 'pattern.test(text);'],
])('checkWords accepts in %s: %s', (path, source) => {
  expect(checkWords(path, source)).toEqual([]);
});
