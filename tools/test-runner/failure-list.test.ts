import { expect, test } from 'bun:test';
import { createFailureList } from './failure-list.ts';

test('each failed test with the lines just before it', () => {
  const failures = createFailureList();
  for (let line = 1; line <= 40; line++) failures.take(`old ${line}`);
  failures.take('error: expected 1\n(fail) keeps order [3 ms]');
  failures.take('after it');
  failures.take('(fail) sends once [2 ms]');
  expect(failures.seen.at(0)).toBe('old 18');
  expect(failures.seen.slice(-4)).toEqual([
    'error: expected 1',
    '(fail) keeps order [3 ms]',
    'after it',
    '(fail) sends once [2 ms]',
  ]);
});

test('nothing failed, nothing listed', () => {
  const failures = createFailureList();
  failures.take('5 passed (fail) is only a word here');
  expect(failures.seen).toEqual([]);
});

test('a file whose process ended is listed', () => {
  const failures = createFailureList();
  failures.take('✗ a.test.ts (worker crashed: SIGKILL)');
  expect(failures.seen).toEqual(['✗ a.test.ts (worker crashed: SIGKILL)']);
});
