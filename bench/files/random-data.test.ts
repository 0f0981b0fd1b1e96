import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { createRandomData } from './random-data.ts';

const SIZE = 3_000_001;
const noise = createRandomData(SIZE);
const read = (start?: number, end?: number) => Buffer.concat([...noise.chunks(start, end)]);

test('any part of it is what the whole has there', () => {
  const whole = read();
  expect(whole.length).toBe(SIZE);
  expect(createHash('sha256').update(whole).digest('hex')).toBe(noise.sha256());
  for (const [start, end] of [
    [0, 1],
    [17, 1_048_576 + 40],
    [2_999_999, SIZE],
  ] as const) {
    expect(read(start, end).equals(whole.subarray(start, end))).toBe(true);
  }
});

test('two are different', () => {
  expect(createRandomData(100).sha256()).not.toBe(createRandomData(100).sha256());
});
