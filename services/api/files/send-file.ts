import { isInlineType } from '@insightdesk/shared/domain/desk/attachments';
import { ServiceError } from '@insightdesk/shared/errors';
import { evaluatePreconditions, selectRange, type Validators } from '@insightdesk/shared/http';
import { contentDisposition } from '@insightdesk/shared/utils';
import type { Http } from '../route.ts';

/** A file to stream, with its metadata. */
interface SentFile extends Validators {
  name: string;
  contentType: string;
  sizeBytes: number;
  /** Sends `attachment` even for types that are safe to show inline. */
  isDownload?: boolean;
  stream(range?: { start: number; end: number }): Promise<ReadableStream<Uint8Array>>;
}

const defaultCaching = { cacheControl: 'private, no-cache, no-transform' };

/** Responds with a file or the requested range of it. */
export async function sendFile(
  http: Http,
  file: SentFile,
  { cacheControl } = defaultCaching,
): Promise<Response> {
  const { headers } = http.req.raw;
  const outcome = evaluatePreconditions(headers, file);
  if (outcome === 'failed') throw preconditionFailed();
  const range = outcome === 'not-modified' ? undefined : selectRange(headers, file);
  for (const [name, value] of Object.entries(describe(file))) http.header(name, value);
  http.header('Cache-Control', cacheControl);
  if (outcome === 'not-modified') return http.body(null, 304);
  const { start, end } = range ?? { start: 0, end: file.sizeBytes - 1 };
  http.header('Content-Type', file.contentType);
  http.header('Content-Length', String(end - start + 1));
  if (range) http.header('Content-Range', `bytes ${start}-${end}/${file.sizeBytes}`);
  const body = http.req.method === 'HEAD' ? null : await file.stream(range);
  return http.newResponse(body, range ? 206 : 200);
}

const preconditionFailed = () =>
  new ServiceError('The file has changed', { code: 'PRECONDITION_FAILED', status: 412 });

function describe(file: SentFile): Record<string, string> {
  const { etag, name, contentType, modifiedAt, isDownload = false } = file;
  return {
    ETag: etag,
    ...(modifiedAt && { 'Last-Modified': modifiedAt.toUTCString() }),
    'Accept-Ranges': 'bytes',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'Content-Disposition': contentDisposition(name, !isDownload && isInlineType(contentType)),
  };
}
