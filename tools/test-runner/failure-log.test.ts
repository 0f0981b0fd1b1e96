import { expect, test } from 'bun:test';
import { createFailureLog } from './failure-log.ts';

test('the failure log contains each failed test with the lines before it', () => {
  const failures = createFailureLog();
  for (let line = 1; line <= 40; line++) failures.add(`old ${line}`);
  failures.add('error: expected 1\n(fail) keeps order [3 ms]');
  failures.add('after it');
  failures.add('(fail) sends once [2 ms]');
  expect(failures.lines.at(0)).toBe('old 18');
  expect(failures.lines.slice(-4)).toEqual([
    'error: expected 1',
    '(fail) keeps order [3 ms]',
    'after it',
    '(fail) sends once [2 ms]',
  ]);
});

test('the failure log is empty when no test failed', () => {
  const failures = createFailureLog();
  failures.add('5 passed (fail) inside a line');
  expect(failures.lines).toEqual([]);
});

test('the failure log contains a file when its process crashed', () => {
  const failures = createFailureLog();
  failures.add('✗ a.test.ts (worker crashed: SIGKILL)');
  expect(failures.lines).toEqual(['✗ a.test.ts (worker crashed: SIGKILL)']);
});
