import { expect, test } from 'bun:test';
import { countShards } from './shards.ts';

test.each([
  ['not more than files', 1, '2', 1],
  ['as many as SHARDS says', 9, '3', 3],
  ['one with SHARDS=1', 9, '1', 1],
])('countShards returns %s', (_name, files, wanted, shards) => {
  expect(countShards(files, wanted)).toBe(shards);
});

test.each(['0', '-1', '1.5', 'two', '99'])('countShards refuses SHARDS=%s', (wanted) => {
  expect(() => countShards(9, wanted)).toThrow('SHARDS');
});
