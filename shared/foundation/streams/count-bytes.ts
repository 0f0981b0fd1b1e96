import { createHash } from 'node:crypto';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';

type Chunks = AsyncIterable<Uint8Array>;

/** Counts and hashes bytes on their way, without buffering them. */
export interface ByteMeter {
  through(chunks: Chunks): AsyncGenerator<Uint8Array, void, undefined>;
  /** `sha256` is lower-case hex; call it after the last chunk. */
  result(): { sizeBytes: number; sha256: string };
}

/** Builds a meter for one stream. */
export function createByteMeter(): ByteMeter {
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

/** Reads to the end and returns size and hash. */
export async function hashBytes(chunks: Chunks): Promise<ReturnType<ByteMeter['result']>> {
  const meter = createByteMeter();
  for await (const _ of meter.through(chunks));
  return meter.result();
}

/** Passes at most `maxBytes`; throws PayloadTooLargeError before the chunk that exceeds them. */
export async function* limitBytes(
  chunks: Chunks,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) {
      throw new PayloadTooLargeError(`The content exceeds the limit of ${maxBytes} bytes`);
    }
    yield chunk;
  }
}

/** Collects all bytes in memory; for small content, always after `limitBytes` or with a known size. */
export async function collectBytes(chunks: Chunks): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}
