import { expect, test } from 'bun:test';
import { howLong } from './how-long.ts';

test.each([
  ['the most that a test gives itself', 'until(ask, 20_000);\n}, 300_000);', 300_000],
  ['nothing is said', "test('adds', () => {});", 5_000],
  ['larger numbers are no times', 'const bytes = 3_000_000;', 5_000],
])('%s', (_name, source, ms) => {
  expect(howLong(source)).toBe(ms);
});
