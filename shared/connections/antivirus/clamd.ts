import { type ByteSource, readChunks } from '@insightdesk/shared/streams';
import type { Verdict } from './antivirus.ts';
import { type ClamdConnection, connectToClamd, ScannerError } from './clamd-connection.ts';

/** More bytes than are looked into. */
export class FileTooLargeToScanError extends Error {
  override readonly name = 'TooLongToScan';
}

export interface ClamdOptions {
  url: string;
  maxBytes: number;
  connectTimeoutMs: number;
  responseTimeoutMs: number;
}

/** How long a piece takes is bounded, so pieces are. */
const PIECE_BYTES = 128 * 1024;

/** A client of clamd's INSTREAM: a connection for each file, closed whatever happens. */
export function createClamd({ url, maxBytes, ...waits }: ClamdOptions) {
  return async (source: ByteSource, signal?: AbortSignal): Promise<Verdict> => {
    signal?.throwIfAborted();
    const line = connectToClamd(url, waits);
    signal?.addEventListener('abort', line.end, { once: true });
    try {
      await send(line, source, maxBytes);
      return read(await line.answer());
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', line.end);
      line.end();
    }
  };
}

/** Until the end, or until clamd has said something already. */
async function send(line: ClamdConnection, source: ByteSource, maxBytes: number): Promise<void> {
  await line.send(Buffer.from('zINSTREAM\0'));
  let sizeBytes = 0;
  const chunks = readChunks(source, line.finished);
  for await (const chunk of untilOver(chunks, line)) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw new FileTooLargeToScanError();
    for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      await line.send(lengthOf(piece.byteLength));
      await line.send(piece);
      if (line.finished.aborted) return;
    }
  }
  await line.send(lengthOf(0));
}

async function* untilOver(chunks: AsyncIterable<Uint8Array>, { finished }: ClamdConnection) {
  try {
    yield* chunks;
  } catch (error) {
    if (error !== finished.reason) throw error;
  }
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

function read(answer: string): Verdict {
  if (answer === 'stream: OK') return { clean: true };
  const found = /^stream: (.+) FOUND$/.exec(answer)?.[1];
  if (found) return { clean: false, found };
  if (/size limit exceeded/i.test(answer)) throw new FileTooLargeToScanError();
  throw new ScannerError(`clamd says: ${answer || 'nothing'}`);
}
