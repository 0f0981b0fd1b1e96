import { createHash } from 'node:crypto';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';

type Chunks = AsyncIterable<Uint8Array>;

/** Counts and hashes the bytes that pass through it, without keeping any. */
export interface Meter {
  through(chunks: Chunks): AsyncGenerator<Uint8Array, void, undefined>;
  /** `sha256` is lower-case hex; ask after the last chunk. */
  result(): { sizeBytes: number; sha256: string };
}

/** Creates a meter for one stream. */
export function createMeter(): Meter {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let sha256: string | undefined;
  return {
    async *through(chunks) {
      for await (const chunk of chunks) {
        sizeBytes += chunk.byteLength;
        hash.update(chunk);
        yield chunk;
      }
    },
    result() {
      sha256 ??= hash.digest('hex');
      return { sizeBytes, sha256 };
    },
  };
}

/** Reads to the end and keeps nothing but size and hash. */
export async function hashBytes(chunks: Chunks): Promise<ReturnType<Meter['result']>> {
  const meter = createMeter();
  for await (const _ of meter.through(chunks));
  return meter.result();
}

/** Passes at most `maxBytes` on; throws PayloadTooLargeError before the chunk that exceeds them. */
export async function* limitBytes(
  chunks: Chunks,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) {
      throw new PayloadTooLargeError(`More than the allowed ${maxBytes} bytes`);
    }
    yield chunk;
  }
}

/** Gathers everything in memory; for small content, always behind a `limitBytes` or a known size. */
export async function collectBytes(chunks: Chunks): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}
