import { expect, test } from 'bun:test';
import type { FileHandle } from 'node:fs/promises';
import { writeChunks } from './write-chunks.ts';

const CHUNK = new Uint8Array(64 * 1024);

/** A disk whose writes the test completes or fails. */
function slowDisk() {
  const writes: PromiseWithResolvers<{ bytesWritten: number }>[] = [];
  const file = {
    writev() {
      const write = Promise.withResolvers<{ bytesWritten: number }>();
      writes.push(write);
      return write.promise;
    },
  };
  return { writes, file: file as unknown as FileHandle };
}
const done = { bytesWritten: CHUNK.byteLength };

test('writeChunks: reads one chunk ahead during a write', async () => {
  const { writes, file } = slowDisk();
  const requested: number[] = [];
  async function* chunks() {
    for (const n of [1, 2, 3]) {
      requested.push(n);
      yield CHUNK;
    }
  }
  const written = writeChunks(file, chunks());
  await Bun.sleep(0);
  expect({ requested, writes: writes.length }).toEqual({ requested: [1, 2], writes: 1 });
  writes[0]?.resolve(done);
  await Bun.sleep(0);
  expect({ requested, writes: writes.length }).toEqual({ requested: [1, 2, 3], writes: 2 });
  writes[1]?.resolve(done);
  await Bun.sleep(0);
  writes[2]?.resolve(done);
  await written;
});

test('writeChunks: a full disk fails the write and closes the source', async () => {
  const { writes, file } = slowDisk();
  let isClosed = false;
  async function* chunks() {
    try {
      for (;;) yield CHUNK;
    } finally {
      isClosed = true;
    }
  }
  const written = writeChunks(file, chunks());
  await Bun.sleep(0);
  writes[0]?.reject(new Error('ENOSPC'));
  await expect(written).rejects.toThrow('ENOSPC');
  expect(isClosed).toBe(true);
});

test('writeChunks: an error of the source is thrown after the last write', async () => {
  const { writes, file } = slowDisk();
  async function* chunks() {
    yield CHUNK;
    throw new Error('connection lost');
  }
  let isSettled = false;
  const written = writeChunks(file, chunks()).finally(() => {
    isSettled = true;
  });
  await Bun.sleep(0);
  expect(isSettled).toBe(false);
  writes[0]?.resolve(done);
  await expect(written).rejects.toThrow('connection lost');
});
