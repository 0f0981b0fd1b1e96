import type { CloudinaryClient } from './cloudinary-client.ts';

interface Upload {
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Signs what is uploaded; anew for each chunk, as signatures age. */
  describe(isEmpty: boolean): Promise<{ url: string; fields: Record<string, string> }>;
  signal?: AbortSignal | undefined;
}

/**
 * Uploads chunks, one on its way at a time; the last makes them a file. The service drops those of
 * an upload that never ends.
 */
export async function uploadInChunks(cloud: CloudinaryClient, upload: Upload): Promise<void> {
  const { chunks, describe, signal } = upload;
  const uploadId = crypto.randomUUID();
  let sentBytes = 0;
  for await (const [chunk, isLast] of withLast(chunks)) {
    signal?.throwIfAborted();
    const isWhole = isLast && sentBytes === 0;
    const endAt = sentBytes + chunk.byteLength;
    const position = `bytes ${sentBytes}-${endAt - 1}/${isLast ? endAt : -1}`;
    const headers = { 'x-unique-upload-id': uploadId, 'content-range': position };
    const { url, fields } = await describe(endAt === 0);
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    const bytes = endAt === 0 ? new Uint8Array(1) : chunk;
    body.append('file', new Blob([bytes], { type: 'application/octet-stream' }), 'file');
    const about = isWhole ? {} : headers;
    const answer = await cloud.ask({ method: 'POST', url, headers: about, body, signal });
    await answer.body?.cancel();
    sentBytes = endAt;
  }
}

async function* withLast<T>(items: AsyncIterable<T>): AsyncGenerator<[item: T, isLast: boolean]> {
  let held: [T] | undefined;
  for await (const item of items) {
    if (held) yield [held[0], false];
    held = [item];
  }
  if (held) yield [held[0], true];
}
