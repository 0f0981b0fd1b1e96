import type { FileHandle } from 'node:fs/promises';
import { SystemError } from '@insightdesk/shared/errors';

const CHUNK_BYTES = 256 * 1024;

/** Streams part of an open file chunk by chunk, on demand; closes the file at the end. */
export function fileStream(
  file: FileHandle,
  { start, length }: { start: number; length: number },
): ReadableStream<Uint8Array> {
  const endAt = start + length;
  let position = start;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (position === endAt) {
          await file.close();
          controller.close();
          return;
        }
        try {
          const chunk = await readAt(file, position, Math.min(CHUNK_BYTES, endAt - position));
          position += chunk.byteLength;
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

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, position);
  if (bytesRead === 0) throw new SystemError('A stored file was truncated while it was read');
  return buffer.subarray(0, bytesRead);
}
