import {
  type ByteSource,
  createByteMeter,
  limitBytes,
  readChunks,
} from '@insightdesk/shared/streams';
import type { UploadOptions } from '../storage-provider.ts';

/** The source in parts; `meter` has the size and the hash once all parts were read. */
export function readParts(source: ByteSource, options: UploadOptions, partBytes: number) {
  const { maxBytes = Number.POSITIVE_INFINITY, signal } = options;
  const meter = createByteMeter();
  const chunks = meter.through(limitBytes(readChunks(source, signal), maxBytes));
  return { meter, parts: splitIntoParts(chunks, partBytes) };
}

/** Joins chunks to parts of exactly `partBytes`, except the last; yields an empty part for no bytes. */
export async function* splitIntoParts(
  chunks: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let part = new Uint8Array(0);
  let size = 0;
  let yielded = 0;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.byteLength; ) {
      if (size === partBytes) {
        yield part;
        yielded++;
        // The previous part may still be in use.
        part = new Uint8Array(partBytes);
        size = 0;
      }
      part = growBuffer(part, size + chunk.byteLength - start, partBytes);
      const slice = chunk.subarray(start, start + partBytes - size);
      part.set(slice, size);
      size += slice.byteLength;
      start += slice.byteLength;
    }
  }
  if (size > 0 || yielded === 0) yield part.subarray(0, size);
}

/** Doubles the buffer, so that a small file needs little memory. */
function growBuffer(part: Uint8Array<ArrayBuffer>, neededBytes: number, maxBytes: number) {
  if (part.byteLength >= Math.min(neededBytes, maxBytes)) return part;
  const larger = new Uint8Array(Math.min(maxBytes, Math.max(neededBytes, 2 * part.byteLength)));
  larger.set(part);
  releaseBuffer(part);
  return larger;
}

/** Frees a part that is no longer needed, because the garbage collector would let many accumulate. */
export function releaseBuffer({ buffer }: Uint8Array<ArrayBuffer>): void {
  buffer.transfer(0);
}

/**
 * The first part, and whether it is the only one: small files need a single request. A part of the
 * full size counts as followed by others, because the next one is not read before it is sent.
 */
export async function splitFirst(
  parts: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>,
  partBytes: number,
) {
  const first = (await parts.next()).value ?? new Uint8Array(0);
  async function* all() {
    yield first;
    yield* parts;
  }
  return { first, isOnly: first.byteLength < partBytes, all: all() };
}
