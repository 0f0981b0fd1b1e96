import type { FileHandle } from 'node:fs/promises';

/** Small chunks go together: a call to the system for each costs more than what is written. */
const GATHERED_BYTES = 64 * 1024;
/** As many as the system takes in a call, with room. */
const GATHERED_CHUNKS = 512;

/**
 * Appends chunks to an open file, and asks for the next while the last are written: of both it holds
 * 64 KB, or one chunk.
 */
export async function writeChunks(
  file: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  let gathered: Uint8Array[] = [];
  let sizeBytes = 0;
  let writing = Promise.resolve();
  const write = async () => {
    await writing;
    writing = writeAll(file, gathered, sizeBytes);
    // Whoever waits for it hears of it.
    writing.catch(() => undefined);
    gathered = [];
    sizeBytes = 0;
  };
  try {
    for await (const chunk of chunks) {
      gathered.push(chunk);
      sizeBytes += chunk.byteLength;
      if (sizeBytes >= GATHERED_BYTES || gathered.length >= GATHERED_CHUNKS) await write();
    }
    if (sizeBytes > 0) await write();
  } finally {
    await writing;
  }
}

async function writeAll(file: FileHandle, parts: Uint8Array[], sizeBytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(parts);
  // The system may take less than it was given, as on a disk that is nearly full.
  if (bytesWritten < sizeBytes) {
    await file.writeFile(Buffer.concat(parts).subarray(bytesWritten));
  }
}
