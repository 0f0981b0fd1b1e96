import { expect, test } from 'bun:test';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { type Harness, textType } from './harness.ts';

/** Providers round to seconds, and timestamps of files lag behind the clock. */
const CLOCK_TOLERANCE_MS = 2_000;

/** Tests `download`, `metadata` and `exists`. */
export function describeReading({ storage, put, read }: Harness): void {
  test.each([
    [0, 3, '0123'],
    [4, 4, '4'],
    [7, 9, '789'],
    [8, 500, '89'],
  ])('download: range %d-%d is inclusive', async (start, end, expected) => {
    await put('down/digits', '0123456789');
    expect(await read('down/digits', { start, end })).toBe(expected);
  });

  test.each([
    [10, 12],
    [5, 4],
    [-1, 3],
    [0.5, 3],
  ])('download: range %d-%d is rejected with 416', async (start, end) => {
    await put('down/digits', '0123456789');
    const download = storage().download('down/digits', { range: { start, end } });
    await expect(download).rejects.toMatchObject({
      status: 416,
      headers: { 'Content-Range': 'bytes */10' },
    });
  });

  test('a download can be cancelled before its end', async () => {
    await storage().upload('down/big', new Uint8Array(900_000), textType);
    const reader = (await storage().download('down/big')).getReader();
    await reader.read();
    await reader.cancel();
    await (await storage().download('down/big')).cancel();
  });

  test('download of a missing file throws DomainNotFoundError', async () => {
    await expect(storage().download('no/file')).rejects.toBeInstanceOf(DomainNotFoundError);
  });

  test('metadata returns size, type and time, and undefined for a missing file', async () => {
    const startedAt = Date.now();
    await put('meta/a', 'abc');
    const metadata = await storage().metadata('meta/a');
    expect(metadata).toMatchObject({ sizeBytes: 3, contentType: 'text/plain' });
    const modifiedAt = metadata?.modifiedAt.getTime();
    expect(modifiedAt).toBeGreaterThan(startedAt - CLOCK_TOLERANCE_MS);
    expect(modifiedAt).toBeLessThan(Date.now() + CLOCK_TOLERANCE_MS);
    expect(await storage().metadata('meta/b')).toBeUndefined();
    expect(await storage().exists('meta/a')).toBe(true);
    expect(await storage().exists('meta')).toBe(false);
  });
}
