import { expect, test } from 'bun:test';
import { countShards } from './shards.ts';

test.each([
  ['at most the number of files', 1, '2', 1],
  ['the value of SHARDS', 9, '3', 3],
  ['1 with SHARDS=1', 9, '1', 1],
])('countShards returns %s', (_name, files, requested, shards) => {
  expect(countShards(files, requested)).toBe(shards);
});

test.each(['0', '-1', '1.5', 'two', '99'])('countShards throws for SHARDS=%s', (requested) => {
  expect(() => countShards(9, requested)).toThrow('SHARDS');
});
