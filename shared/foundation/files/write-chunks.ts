import type { FileHandle } from 'node:fs/promises';

/** Small chunks are written together: a system call for each is expensive. */
const MAX_BATCH_BYTES = 64 * 1024;
/** Below the limit of the system for one call. */
const MAX_BATCH_CHUNKS = 512;

/**
 * Appends chunks to an open file and reads the next ones during a write. Both hold at most 64 KB, or
 * one chunk.
 */
export async function writeChunks(
  file: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  let batch: Uint8Array[] = [];
  let sizeBytes = 0;
  let writing = Promise.resolve();
  const write = async () => {
    await writing;
    writing = writeAll(file, batch, sizeBytes);
    // `await writing` below throws it.
    writing.catch(() => undefined);
    batch = [];
    sizeBytes = 0;
  };
  try {
    for await (const chunk of chunks) {
      batch.push(chunk);
      sizeBytes += chunk.byteLength;
      if (sizeBytes >= MAX_BATCH_BYTES || batch.length >= MAX_BATCH_CHUNKS) await write();
    }
    if (sizeBytes > 0) await write();
  } finally {
    await writing;
  }
}

async function writeAll(file: FileHandle, parts: Uint8Array[], sizeBytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(parts);
  // The system may write less than requested, such as on a disk that is nearly full.
  if (bytesWritten < sizeBytes) {
    await file.writeFile(Buffer.concat(parts).subarray(bytesWritten));
  }
}
