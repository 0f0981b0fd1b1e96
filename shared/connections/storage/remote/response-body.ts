import { NetworkError } from '@insightdesk/shared/errors';

const SILENCE_MS = 60_000;

/**
 * The bytes of an answer, exactly as many as it announced: a connection that breaks or goes silent is a
 * retryable NetworkError and never a shorter file. Silence counts only while bytes are wanted.
 */
export function readResponseBody(answer: Response, silenceMs = SILENCE_MS): ReadableStream<Uint8Array> {
  const reader = answer.body?.getReader();
  const announced = answer.headers.get('Content-Length');
  let missing = announced === null ? undefined : Number(announced);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await next(reader, silenceMs);
        if (chunk && missing !== undefined) missing -= chunk.byteLength;
        if (chunk) controller.enqueue(chunk);
        else if (missing) throw new NetworkError('Storage cut a file off');
        else controller.close();
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

type Reader = { read(): Promise<{ value?: Uint8Array }>; cancel(reason?: unknown): Promise<void> };

async function next(reader: Reader | undefined, silenceMs: number) {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    silence.reject(new NetworkError('Storage went silent in the middle of a file'));
    reader?.cancel().catch(() => undefined);
  }, silenceMs);
  try {
    return (await Promise.race([reader?.read(), silence.promise]))?.value;
  } catch (cause) {
    if (cause instanceof NetworkError) throw cause;
    throw new NetworkError('Storage broke off in the middle of a file', { cause });
  } finally {
    clearTimeout(timer);
  }
}
