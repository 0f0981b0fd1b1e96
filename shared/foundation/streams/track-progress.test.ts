import { expect, test } from 'bun:test';
import { type Progress, trackProgress } from './index.ts';
import { countBytes, createChunks } from './test-sources.ts';

async function reportsOf(
  lengths: number[],
  options: { totalBytes?: number; intervalBytes?: number },
) {
  const reports: Progress[] = [];
  const onProgress = (progress: Progress) => reports.push(progress);
  await countBytes(trackProgress(createChunks(...lengths), { ...options, onProgress }));
  return reports;
}

test('trackProgress: reports percent and bytes, and the end once', async () => {
  expect(await reportsOf([100, 1, 99], { totalBytes: 200 })).toEqual([
    { bytes: 100, percent: 50 },
    { bytes: 200, percent: 100 },
  ]);
  expect(await reportsOf([], { totalBytes: 0 })).toEqual([{ bytes: 0, percent: 100 }]);
  expect(await reportsOf([150], { totalBytes: 100 })).toEqual([{ bytes: 150, percent: 100 }]);
  expect(await reportsOf([50], { totalBytes: 100 })).toEqual([{ bytes: 50, percent: 50 }]);
});

test('trackProgress: small chunks are reported at most 101 times', async () => {
  const reports = await reportsOf(Array(5_000).fill(1), { totalBytes: 5_000 });
  expect(reports).toHaveLength(100);
});

test('trackProgress: reports bytes only when the total is unknown', async () => {
  expect(await reportsOf([4, 4, 4, 1], { intervalBytes: 8 })).toEqual([
    { bytes: 8, percent: undefined },
    { bytes: 13, percent: undefined },
  ]);
});
