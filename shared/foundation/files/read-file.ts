import { type FileHandle, open } from 'node:fs/promises';
import { SystemError } from '@insightdesk/shared/errors';
import { unlessMissing } from './error-code.ts';

const CHUNK_BYTES = 256 * 1024;

interface SizeLimit {
  maxBytes: number;
}

/** A small file; undefined when it does not exist. Throws SystemError FILE_TOO_LONG. */
export async function readBytes(
  path: string,
  { maxBytes }: SizeLimit,
): Promise<Buffer | undefined> {
  const file = await unlessMissing(open(path, 'r'));
  if (!file) return undefined;
  try {
    // Pipes and files of /proc have no known length.
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of readFrom(file, 0, maxBytes + 1)) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maxBytes) {
        throw new SystemError(`The file has more than ${maxBytes} bytes`, {
          code: 'FILE_TOO_LONG',
        });
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
}

/** A small file as UTF-8; undefined when it does not exist. Throws SystemError FILE_TOO_LONG. */
export async function readText(path: string, limit: SizeLimit): Promise<string | undefined> {
  return (await readBytes(path, limit))?.toString('utf8');
}

/** Chunks of a file from `start` to `end`, inclusive; ENOENT when it does not exist. */
export async function* readFileChunks(
  path: string,
  { start = 0, end = Number.MAX_SAFE_INTEGER }: { start?: number; end?: number } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  await using file = await open(path, 'r');
  yield* readFrom(file, start, end - start + 1);
}

async function* readFrom(file: FileHandle, start: number, maxBytes: number) {
  for (let offset = 0; offset < maxBytes; ) {
    const length = Math.min(CHUNK_BYTES, maxBytes - offset);
    const { bytesRead, buffer } = await file.read(
      new Uint8Array(length),
      0,
      length,
      start + offset,
    );
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
