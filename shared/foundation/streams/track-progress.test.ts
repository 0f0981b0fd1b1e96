import { expect, test } from 'bun:test';
import { type Progress, trackProgress } from './index.ts';
import { drain, pieces } from './test-sources.ts';

async function told(lengths: number[], options: { totalBytes?: number; everyBytes?: number }) {
  const list: Progress[] = [];
  const onProgress = (progress: Progress) => list.push(progress);
  await drain(trackProgress(pieces(...lengths), { ...options, onProgress }));
  return list;
}

test('tells percent and bytes, and the end once', async () => {
  expect(await told([100, 1, 99], { totalBytes: 200 })).toEqual([
    { bytes: 100, percent: 50 },
    { bytes: 200, percent: 100 },
  ]);
  expect(await told([], { totalBytes: 0 })).toEqual([{ bytes: 0, percent: 100 }]);
  expect(await told([150], { totalBytes: 100 })).toEqual([{ bytes: 150, percent: 100 }]);
  expect(await told([50], { totalBytes: 100 })).toEqual([{ bytes: 50, percent: 50 }]);
});

test('tells at most 101 times however small the chunks are', async () => {
  const list = await told(Array(5_000).fill(1), { totalBytes: 5_000 });
  expect(list).toHaveLength(100);
});

test('tells bytes alone where the whole is unknown', async () => {
  expect(await told([4, 4, 4, 1], { everyBytes: 8 })).toEqual([
    { bytes: 8, percent: undefined },
    { bytes: 13, percent: undefined },
  ]);
});
