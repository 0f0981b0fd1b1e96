import { NetworkError } from '@insightdesk/shared/errors';

const READ_TIMEOUT_MS = 60_000;

/**
 * The body of a response, with exactly as many bytes as its Content-Length: a lost or stalled
 * connection is a retryable NetworkError and never a shorter file. The timeout runs only during reads.
 */
export function readResponseBody(
  response: Response,
  readTimeoutMs = READ_TIMEOUT_MS,
): ReadableStream<Uint8Array> {
  const reader = response.body?.getReader();
  const contentLength = response.headers.get('Content-Length');
  let missing = contentLength === null ? undefined : Number(contentLength);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await readChunk(reader, readTimeoutMs);
        if (chunk && missing !== undefined) missing -= chunk.byteLength;
        if (chunk) controller.enqueue(chunk);
        else if (missing) throw new NetworkError('Storage returned a truncated file');
        else controller.close();
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

type Reader = { read(): Promise<{ value?: Uint8Array }>; cancel(reason?: unknown): Promise<void> };

async function readChunk(reader: Reader | undefined, readTimeoutMs: number) {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    timeout.reject(new NetworkError('Timed out while reading a file from storage'));
    reader?.cancel().catch(() => undefined);
  }, readTimeoutMs);
  try {
    return (await Promise.race([reader?.read(), timeout.promise]))?.value;
  } catch (cause) {
    if (cause instanceof NetworkError) throw cause;
    throw new NetworkError('The connection to storage was lost while reading a file', { cause });
  } finally {
    clearTimeout(timer);
  }
}
