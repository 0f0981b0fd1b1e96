import { createCipheriv, createHash } from 'node:crypto';

const CHUNK = 1 << 20;
const zeros = Buffer.alloc(CHUNK);

/** Bytes that do not compress, any part of them again and again; kept nowhere. */
export function createRandomData(
  sizeBytes: number,
  key = crypto.getRandomValues(new Uint8Array(16)),
) {
  function* chunks(start = 0, end = sizeBytes): Generator<Buffer, void> {
    for (let at = start; at < end; at += CHUNK) {
      yield part(key, at, Math.min(CHUNK, end - at));
    }
  }
  const sha256 = () => {
    const hash = createHash('sha256');
    for (const chunk of chunks()) hash.update(chunk);
    return hash.digest('hex');
  };
  return { sizeBytes, chunks, sha256 };
}

/** What a block cipher's counter gives from there on. */
function part(key: Uint8Array, start: number, length: number): Buffer {
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(Math.floor(start / 16)), 8);
  const cipher = createCipheriv('aes-128-ctr', key, counter);
  cipher.update(zeros.subarray(0, start % 16));
  return cipher.update(zeros.subarray(0, length));
}
