import { expect, test } from 'bun:test';
import { createReportLimit } from './report-limit.ts';

const error = (frame: string) => ({
  name: 'Error',
  message: 'm',
  stack: `Error: m\n    at ${frame}`,
});

test('so many of one place and so many of all in a minute, then anew', () => {
  let now = 0;
  const isAllowed = createReportLimit({ all: 4, same: 2 }, () => now);
  const ask = (...frames: string[]) => frames.map((frame) => isAllowed(error(frame)));
  expect(ask('a', 'a', 'a')).toEqual([true, true, false]);
  expect(ask('b', 'c', 'd', 'a')).toEqual([true, true, false, false]);
  now = 59_999;
  expect(ask('e')).toEqual([false]);
  now = 60_000;
  expect(ask('a', 'a', 'a', 'b')).toEqual([true, true, false, true]);
});

test('without a stack the message tells places apart, and codes do', () => {
  const isAllowed = createReportLimit({ all: 10, same: 1 });
  const errors = [
    { name: 'NonError', message: 'one' },
    { name: 'NonError', message: 'two' },
    { name: 'NonError', message: 'one' },
    { ...error('a'), code: 'A' },
    { ...error('a'), code: 'B' },
  ];
  expect(errors.map(isAllowed)).toEqual([true, true, false, true, true]);
});
