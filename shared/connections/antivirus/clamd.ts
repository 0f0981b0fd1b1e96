import { type ByteSource, readChunks } from '@insightdesk/shared/streams';
import type { Verdict } from './antivirus.ts';
import { type ClamdConnection, connectToClamd, ScannerError } from './clamd-connection.ts';

/** The file exceeds the size limit of the scan. */
export class FileTooLargeToScanError extends Error {
  override readonly name = 'FileTooLargeToScanError';
}

export interface ClamdOptions {
  url: string;
  maxBytes: number;
  connectTimeoutMs: number;
  responseTimeoutMs: number;
}

/** The timeout is for each chunk, so chunks are limited. */
const MAX_CHUNK_BYTES = 128 * 1024;

/** A client of clamd's INSTREAM command, with one connection per file. */
export function createClamd({ url, maxBytes, ...timeouts }: ClamdOptions) {
  return async (source: ByteSource, signal?: AbortSignal): Promise<Verdict> => {
    signal?.throwIfAborted();
    const connection = connectToClamd(url, timeouts);
    signal?.addEventListener('abort', connection.close, { once: true });
    try {
      await sendFile(connection, source, maxBytes);
      return parseResponse(await connection.response());
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', connection.close);
      connection.close();
    }
  };
}

/** Sends the file to its end, or until clamd has responded. */
async function sendFile(
  connection: ClamdConnection,
  source: ByteSource,
  maxBytes: number,
): Promise<void> {
  await connection.send(Buffer.from('zINSTREAM\0'));
  let sizeBytes = 0;
  const blocks = readChunks(source, connection.finished);
  for await (const block of untilFinished(blocks, connection)) {
    sizeBytes += block.byteLength;
    if (sizeBytes > maxBytes) throw new FileTooLargeToScanError();
    for (let start = 0; start < block.byteLength; start += MAX_CHUNK_BYTES) {
      const chunk = block.subarray(start, start + MAX_CHUNK_BYTES);
      await connection.send(encodeLength(chunk.byteLength));
      await connection.send(chunk);
      if (connection.finished.aborted) return;
    }
  }
  await connection.send(encodeLength(0));
}

async function* untilFinished(blocks: AsyncIterable<Uint8Array>, { finished }: ClamdConnection) {
  try {
    yield* blocks;
  } catch (error) {
    if (error !== finished.reason) throw error;
  }
}

function encodeLength(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

function parseResponse(response: string): Verdict {
  if (response === 'stream: OK') return { clean: true };
  const found = /^stream: (.+) FOUND$/.exec(response)?.[1];
  if (found) return { clean: false, found };
  if (/size limit exceeded/i.test(response)) throw new FileTooLargeToScanError();
  throw new ScannerError(`Unexpected response of clamd: ${response || 'nothing'}`);
}
