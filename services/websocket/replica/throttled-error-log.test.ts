import { expect, test } from 'bun:test';
import { createThrottledErrorLog } from './throttled-error-log.ts';

test('createThrottledErrorLog: a thousand errors in a second are one line, the next line counts them', () => {
  let nowMs = 0;
  const suppressed: number[] = [];
  const warn = (fields: { suppressed: number }) => suppressed.push(fields.suppressed);
  const logError = createThrottledErrorLog({ warn } as never, () => nowMs);
  for (let i = 0; i < 1_000; i++) logError(new Error('closed'));
  nowMs = 1_000;
  logError(new Error('closed'));
  expect(suppressed).toEqual([0, 999]);
});
