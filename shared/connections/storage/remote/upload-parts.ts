import { type ByteSource, createMeter, limitBytes, readChunks } from '@insightdesk/shared/streams';
import type { UploadOptions } from '../storage-provider.ts';

/** What is uploaded, in parts; `meter` knows its size and hash once all of them were taken. */
export function meteredParts(source: ByteSource, options: UploadOptions, partBytes: number) {
  const { maxBytes = Number.POSITIVE_INFINITY, signal } = options;
  const meter = createMeter();
  const chunks = meter.through(limitBytes(readChunks(source, signal), maxBytes));
  return { meter, parts: splitIntoParts(chunks, partBytes) };
}

/** Gathers chunks into parts of exactly `partBytes`, the last one shorter; at least one, maybe empty. */
export async function* splitIntoParts(
  chunks: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let part = new Uint8Array(0);
  let size = 0;
  let given = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      if (size === partBytes) {
        yield part;
        given++;
        // The one before may still be on its way.
        part = new Uint8Array(partBytes);
        size = 0;
      }
      part = roomFor(part, size + chunk.byteLength - at, partBytes);
      const piece = chunk.subarray(at, at + partBytes - size);
      part.set(piece, size);
      size += piece.byteLength;
      at += piece.byteLength;
    }
  }
  if (size > 0 || given === 0) yield part.subarray(0, size);
}

/** Doubles, so that a small file takes little. */
function roomFor(part: Uint8Array<ArrayBuffer>, wanted: number, most: number) {
  if (part.byteLength >= Math.min(wanted, most)) return part;
  const larger = new Uint8Array(Math.min(most, Math.max(wanted, 2 * part.byteLength)));
  larger.set(part);
  releaseBuffer(part);
  return larger;
}

/** Frees a part that nobody needs any more: the collector lets many of them come together first. */
export function releaseBuffer({ buffer }: Uint8Array<ArrayBuffer>): void {
  buffer.transfer(0);
}

/** The first part, and whether more of them follow: small files take one request. */
export async function splitFirst(parts: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>) {
  const first = (await parts.next()).value ?? new Uint8Array(0);
  const second = (await parts.next()).value;
  async function* all() {
    yield first;
    if (second) yield second;
    if (second) yield* parts;
  }
  return { first, isOnly: second === undefined, all: all() };
}
