import { expect, test } from 'bun:test';
import { countLanes } from './shards.ts';

test.each([
  ['no more than files', 1, '2', 1],
  ['as many as are wanted', 9, '3', 3],
  ['one after another', 9, '1', 1],
])('%s', (_name, files, wanted, lanes) => {
  expect(countLanes(files, wanted)).toBe(lanes);
});

test.each(['0', '-1', '1.5', 'two', '99'])('LANES=%s is refused', (wanted) => {
  expect(() => countLanes(9, wanted)).toThrow('LANES');
});
