import { type FileHandle, open } from 'node:fs/promises';
import { SystemError } from '@insightdesk/shared/errors';
import { unlessMissing } from './error-code.ts';

const CHUNK_BYTES = 256 * 1024;

interface Bound {
  maxBytes: number;
}

/** A whole small file; undefined when it is not there. Throws SystemError FILE_TOO_LONG. */
export async function readBytes(path: string, { maxBytes }: Bound): Promise<Buffer | undefined> {
  const file = await unlessMissing(open(path, 'r'));
  if (!file) return undefined;
  try {
    // What is in a pipe or in /proc has no length that could be asked for before.
    const parts: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of chunksOf(file, 0, maxBytes + 1)) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maxBytes) {
        throw new SystemError(`A file has more than ${maxBytes} bytes`, { code: 'FILE_TOO_LONG' });
      }
      parts.push(chunk);
    }
    return Buffer.concat(parts);
  } finally {
    await file.close();
  }
}

/** A whole small file as UTF-8; undefined when it is not there. Throws SystemError FILE_TOO_LONG. */
export async function readText(path: string, bound: Bound): Promise<string | undefined> {
  return (await readBytes(path, bound))?.toString('utf8');
}

/** A file's bytes from `start` up to and including `end`, a chunk at a time; ENOENT without it. */
export async function* readFileChunks(
  path: string,
  { start = 0, end = Number.MAX_SAFE_INTEGER }: { start?: number; end?: number } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  await using file = await open(path, 'r');
  yield* chunksOf(file, start, end - start + 1);
}

async function* chunksOf(file: FileHandle, start: number, most: number) {
  for (let passed = 0; passed < most; ) {
    const length = Math.min(CHUNK_BYTES, most - passed);
    const { bytesRead, buffer } = await file.read(
      new Uint8Array(length),
      0,
      length,
      start + passed,
    );
    if (bytesRead === 0) return;
    passed += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
