import type { FileHandle } from 'node:fs/promises';
import { SystemError } from '@insightdesk/shared/errors';

const CHUNK_BYTES = 256 * 1024;

/** Streams part of an open file, a chunk at a time and only as asked; closes it in the end. */
export function fileStream(
  file: FileHandle,
  { start, length }: { start: number; length: number },
): ReadableStream<Uint8Array> {
  const endAt = start + length;
  let at = start;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (at === endAt) {
          await file.close();
          controller.close();
          return;
        }
        try {
          const chunk = await readAt(file, at, Math.min(CHUNK_BYTES, endAt - at));
          at += chunk.byteLength;
          controller.enqueue(chunk);
        } catch (error) {
          await file.close();
          throw error;
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  );
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, at);
  if (bytesRead === 0) throw new SystemError('A stored file became shorter while it was read');
  return buffer.subarray(0, bytesRead);
}
