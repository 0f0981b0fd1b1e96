import { preconditionFailed } from '@insightdesk/shared/context';
import { evaluatePreconditions, selectRange } from '@insightdesk/shared/http';
import type { Context } from 'hono';
import { parseAccept } from 'hono/utils/accept';
import type { ApiEnv } from '../caller.ts';
import { type Content, type Encoding, encodings } from './content.ts';

/** Responds with content in the best accepted encoding; a range is always of the plain bytes. */
export async function sendContent(
  c: Context<ApiEnv>,
  content: Content,
  { cacheControl, status = 200 }: { cacheControl: string; status?: 200 | 404 | undefined },
): Promise<Response> {
  const { headers, method } = c.req.raw;
  const { encoding, bytes } = await chooseForm(headers, content);
  const etag = `"${content.hash}${encoding ? `-${encoding}` : ''}"`;
  const outcome = evaluatePreconditions(headers, { etag });
  if (outcome === 'failed') throw preconditionFailed();
  c.header('ETag', etag);
  c.header('Cache-Control', `${cacheControl}, no-transform`);
  c.header('Accept-Ranges', 'bytes');
  if (outcome === 'not-modified') return c.body(null, 304);
  const range = selectRange(headers, { etag, sizeBytes: bytes.length });
  const { start, end } = range ?? { start: 0, end: bytes.length - 1 };
  c.header('Content-Type', content.contentType);
  c.header('Content-Length', String(end - start + 1));
  if (encoding) c.header('Content-Encoding', encoding);
  if (range) c.header('Content-Range', `bytes ${start}-${end}/${bytes.length}`);
  const body = method === 'HEAD' ? null : bytes.subarray(start, end + 1);
  return c.newResponse(body as Uint8Array<ArrayBuffer> | null, range ? 206 : status);
}

async function chooseForm(headers: Headers, content: Content) {
  const accepted = headers.has('Range') ? [] : acceptedEncodings(headers.get('Accept-Encoding'));
  for (const encoding of accepted) {
    const bytes = await content.compressed[encoding]();
    if (bytes) return { encoding, bytes };
  }
  return { encoding: undefined, bytes: content.bytes };
}

/** The encodings that a client accepts, ours best first. */
function acceptedEncodings(header: string | null): Encoding[] {
  if (header === null) return [];
  const accepted = parseAccept(header);
  const qualityOf = (name: string) => accepted.find(({ type }) => type.toLowerCase() === name)?.q;
  return encodings.filter((name) => (qualityOf(name) ?? qualityOf('*') ?? 0) > 0);
}
