import type { CloudinaryClient } from './cloudinary-client.ts';

interface Upload {
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Signs each chunk, because signatures expire. */
  sign(isEmpty: boolean): Promise<{ url: string; fields: Record<string, string> }>;
  signal?: AbortSignal | undefined;
}

/**
 * Uploads chunks one by one; the last one completes the file. The service deletes the chunks of
 * incomplete uploads.
 */
export async function uploadInChunks(cloud: CloudinaryClient, upload: Upload): Promise<void> {
  const { chunks, sign, signal } = upload;
  const uploadId = crypto.randomUUID();
  let sentBytes = 0;
  for await (const [chunk, isLast] of withLast(chunks)) {
    signal?.throwIfAborted();
    const isSingle = isLast && sentBytes === 0;
    const endAt = sentBytes + chunk.byteLength;
    const position = `bytes ${sentBytes}-${endAt - 1}/${isLast ? endAt : -1}`;
    const headers = { 'x-unique-upload-id': uploadId, 'content-range': position };
    const { url, fields } = await sign(endAt === 0);
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    const bytes = endAt === 0 ? new Uint8Array(1) : chunk;
    body.append('file', new Blob([bytes], { type: 'application/octet-stream' }), 'file');
    const chunkHeaders = isSingle ? {} : headers;
    const request = { method: 'POST' as const, url, headers: chunkHeaders, body, signal };
    const response = await cloud.request(request);
    await response.body?.cancel();
    sentBytes = endAt;
  }
}

async function* withLast<T>(items: AsyncIterable<T>): AsyncGenerator<[item: T, isLast: boolean]> {
  let previous: [T] | undefined;
  for await (const item of items) {
    if (previous) yield [previous[0], false];
    previous = [item];
  }
  if (previous) yield [previous[0], true];
}
