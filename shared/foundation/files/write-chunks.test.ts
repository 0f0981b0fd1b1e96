import { expect, test } from 'bun:test';
import type { FileHandle } from 'node:fs/promises';
import { writeChunks } from './write-chunks.ts';

const CHUNK = new Uint8Array(64 * 1024);

/** A disk that says when it is done, or that it is full. */
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

test('the next chunk is asked for while the last is written, and not the one after it', async () => {
  const { writes, file } = slowDisk();
  const asked: number[] = [];
  async function* chunks() {
    for (const n of [1, 2, 3]) {
      asked.push(n);
      yield CHUNK;
    }
  }
  const written = writeChunks(file, chunks());
  await Bun.sleep(0);
  expect({ asked, writes: writes.length }).toEqual({ asked: [1, 2], writes: 1 });
  writes[0]?.resolve(done);
  await Bun.sleep(0);
  expect({ asked, writes: writes.length }).toEqual({ asked: [1, 2, 3], writes: 2 });
  writes[1]?.resolve(done);
  await Bun.sleep(0);
  writes[2]?.resolve(done);
  await written;
});

test('a disk that is full ends it, and tells the source', async () => {
  const { writes, file } = slowDisk();
  let isLeft = false;
  async function* chunks() {
    try {
      for (;;) yield CHUNK;
    } finally {
      isLeft = true;
    }
  }
  const written = writeChunks(file, chunks());
  await Bun.sleep(0);
  writes[0]?.reject(new Error('ENOSPC'));
  await expect(written).rejects.toThrow('ENOSPC');
  expect(isLeft).toBe(true);
});

test('a source that fails is told of when nothing is written any more', async () => {
  const { writes, file } = slowDisk();
  async function* chunks() {
    yield CHUNK;
    throw new Error('hung up');
  }
  let isOver = false;
  const written = writeChunks(file, chunks()).finally(() => {
    isOver = true;
  });
  await Bun.sleep(0);
  expect(isOver).toBe(false);
  writes[0]?.resolve(done);
  await expect(written).rejects.toThrow('hung up');
});
