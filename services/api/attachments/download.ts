import { type OpenedAttachment, openAttachment } from '@insightdesk/shared/domain/attachments';
import { ServiceError } from '@insightdesk/shared/errors';
import { matchesEtag, parseByteRange } from '@insightdesk/shared/http';
import { z } from 'zod';
import { type Http, perform, type Route, readQuery } from '../route.ts';

const bytes = { contentType: 'application/octet-stream', schema: z.file() };

/** Images that a browser shows without running anything; all else is for saving. */
const shownTypes = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** Streams a file or one of its variants, whole or one range of it. */
export const downloadRoute: Route = {
  method: 'GET',
  path: '/v1/attachments/:id/content',
  summary: openAttachment.summary,
  allow: openAttachment.allow,
  input: openAttachment.input,
  answers: { 200: bytes, 206: bytes, 304: undefined },
  handle: async (call) => sendFile(call.http, await perform(openAttachment, call, readQuery(call))),
};

/** Answers with a file, or the range of it that was asked for. */
export async function sendFile(http: Http, file: OpenedAttachment): Promise<Response> {
  const unchanged = matchesEtag(http.req.header('If-None-Match'), file.etag);
  const range = unchanged ? undefined : rangeOf(http.req.raw.headers, file);
  for (const [name, value] of Object.entries(describe(file))) http.header(name, value);
  if (unchanged) return http.body(null, 304);
  const { start, end } = range ?? { start: 0, end: file.sizeBytes - 1 };
  http.header('Content-Type', file.contentType);
  http.header('Content-Length', String(end - start + 1));
  if (range) http.header('Content-Range', `bytes ${start}-${end}/${file.sizeBytes}`);
  const body = http.req.method === 'HEAD' ? null : await file.stream(range);
  return http.newResponse(body, range ? 206 : 200);
}

function rangeOf(headers: Headers, { sizeBytes, etag }: OpenedAttachment) {
  if ((headers.get('If-Range') ?? etag) !== etag) return undefined;
  const range = parseByteRange(headers.get('Range') ?? undefined, sizeBytes);
  if (range !== 'unsatisfiable') return range;
  throw new ServiceError(`The file has ${sizeBytes} bytes`, {
    code: 'RANGE_NOT_SATISFIABLE',
    status: 416,
    headers: { 'Content-Range': `bytes */${sizeBytes}` },
  });
}

function describe({ etag, name, contentType }: OpenedAttachment): Record<string, string> {
  return {
    ETag: etag,
    'Cache-Control': 'private, no-cache, no-transform',
    'Accept-Ranges': 'bytes',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'Content-Disposition': disposition(name, shownTypes.has(contentType)),
  };
}

/** RFC 6266: a plain name for old clients, the true one in the syntax of RFC 5987. */
export function disposition(name: string, shown: boolean): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const exact = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${shown ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${exact}`;
}
