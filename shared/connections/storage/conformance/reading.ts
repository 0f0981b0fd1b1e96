import { expect, test } from 'bun:test';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { type Harness, textType } from './harness.ts';

/** Providers tell whole seconds, and the kernel's clock of files is a little behind. */
const COARSE_MS = 2_000;

/** Bytes, parts of them, and what is known about them. */
export function describeReading({ storage, put, read }: Harness): void {
  test.each([
    [0, 3, '0123'],
    [4, 4, '4'],
    [7, 9, '789'],
    [8, 500, '89'],
  ])('range %d-%d is inclusive', async (start, end, expected) => {
    await put('down/digits', '0123456789');
    expect(await read('down/digits', { start, end })).toBe(expected);
  });

  test.each([
    [10, 12],
    [5, 4],
    [-1, 3],
    [0.5, 3],
  ])('range %d-%d is refused with 416', async (start, end) => {
    await put('down/digits', '0123456789');
    const refused = storage().download('down/digits', { range: { start, end } });
    await expect(refused).rejects.toMatchObject({
      status: 416,
      headers: { 'Content-Range': 'bytes */10' },
    });
  });

  test('can be left early', async () => {
    await storage().upload('down/big', new Uint8Array(900_000), textType);
    const reader = (await storage().download('down/big')).getReader();
    await reader.read();
    await reader.cancel();
    await (await storage().download('down/big')).cancel();
  });

  test('nothing there is a DomainNotFoundError', async () => {
    await expect(storage().download('no/file')).rejects.toBeInstanceOf(DomainNotFoundError);
  });

  test('metadata tells size, type and time, and undefined for nothing', async () => {
    const begunAt = Date.now();
    await put('meta/a', 'abc');
    const metadata = await storage().metadata('meta/a');
    expect(metadata).toMatchObject({ sizeBytes: 3, contentType: 'text/plain' });
    const modifiedAt = metadata?.modifiedAt.getTime();
    expect(modifiedAt).toBeGreaterThan(begunAt - COARSE_MS);
    expect(modifiedAt).toBeLessThan(Date.now() + COARSE_MS);
    expect(await storage().metadata('meta/b')).toBeUndefined();
    expect(await storage().exists('meta/a')).toBe(true);
    expect(await storage().exists('meta')).toBe(false);
  });
}
