import { expect, test } from 'bun:test';
import { createReportLimit } from './report-limit.ts';

const error = (frame: string) => ({
  name: 'Error',
  message: 'm',
  stack: `Error: m\n    at ${frame}`,
});

test('report limit: limits reports per place and in total, and starts again after a minute', () => {
  let now = 0;
  const isAllowed = createReportLimit({ total: 4, perPlace: 2 }, () => now);
  const areAllowed = (...frames: string[]) => frames.map((frame) => isAllowed(error(frame)));
  expect(areAllowed('a', 'a', 'a')).toEqual([true, true, false]);
  expect(areAllowed('b', 'c', 'd', 'a')).toEqual([true, true, false, false]);
  now = 59_999;
  expect(areAllowed('e')).toEqual([false]);
  now = 60_000;
  expect(areAllowed('a', 'a', 'a', 'b')).toEqual([true, true, false, true]);
});

test('report limit: messages distinguish places without a stack, and so do codes', () => {
  const isAllowed = createReportLimit({ total: 10, perPlace: 1 });
  const errors = [
    { name: 'NonError', message: 'one' },
    { name: 'NonError', message: 'two' },
    { name: 'NonError', message: 'one' },
    { ...error('a'), code: 'A' },
    { ...error('a'), code: 'B' },
  ];
  expect(errors.map(isAllowed)).toEqual([true, true, false, true, true]);
});
