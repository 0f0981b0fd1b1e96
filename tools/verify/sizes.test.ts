import { expect, test } from 'bun:test';
import { checkSizes } from './sizes.ts';

const file = (lines: number, path = `f${lines}.ts`) => ({ path, lines });

test('checkSizes accepts small files and ignores tests in the median', () => {
  expect(checkSizes([file(40), file(90), file(100), file(300, 'a.test.ts')])).toEqual({
    failures: [],
    note: 'median 90 lines; over 200: a.test.ts 300',
  });
});

test('checkSizes rejects a file over 400 lines, also a test', () => {
  const { failures } = checkSizes([file(1), file(1), file(400), file(401, 'a.test.ts')]);
  expect(failures).toEqual(['a.test.ts has 401 lines, more than 400: split it']);
});

test('checkSizes rejects a median over 90 lines', () => {
  expect(checkSizes([file(10), file(91), file(91)]).failures).toHaveLength(1);
});
