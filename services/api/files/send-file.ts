import { isShown } from '@insightdesk/shared/domain/desk/attachments';
import { ServiceError } from '@insightdesk/shared/errors';
import {
  isRangeOfSame,
  judgeConditions,
  parseByteRange,
  type Validators,
} from '@insightdesk/shared/http';
import type { Http } from '../route.ts';
import { disposition } from './disposition.ts';

/** Bytes ready to be streamed, and what to say about them. */
export interface SentFile extends Validators {
  name: string;
  contentType: string;
  sizeBytes: number;
  /** For saving, also when it could be shown. */
  isForSaving?: boolean;
  stream(range?: { start: number; end: number }): Promise<ReadableStream<Uint8Array>>;
}

const usual = { cacheControl: 'private, no-cache, no-transform' };

/** Answers with a file, or the range of it that was asked for. */
export async function sendFile(
  http: Http,
  file: SentFile,
  { cacheControl } = usual,
): Promise<Response> {
  const { headers } = http.req.raw;
  const verdict = judgeConditions(headers, file);
  if (verdict === 'failed') throw changedMeanwhile();
  const range = verdict === 'unchanged' ? undefined : rangeOf(headers, file);
  for (const [name, value] of Object.entries(describe(file))) http.header(name, value);
  http.header('Cache-Control', cacheControl);
  if (verdict === 'unchanged') return http.body(null, 304);
  const { start, end } = range ?? { start: 0, end: file.sizeBytes - 1 };
  http.header('Content-Type', file.contentType);
  http.header('Content-Length', String(end - start + 1));
  if (range) http.header('Content-Range', `bytes ${start}-${end}/${file.sizeBytes}`);
  const body = http.req.method === 'HEAD' ? null : await file.stream(range);
  return http.newResponse(body, range ? 206 : 200);
}

function rangeOf(headers: Headers, file: SentFile) {
  if (!isRangeOfSame(headers, file)) return undefined;
  const range = parseByteRange(headers.get('Range') ?? undefined, file.sizeBytes);
  if (range !== 'unsatisfiable') return range;
  throw new ServiceError(`The file has ${file.sizeBytes} bytes`, {
    code: 'RANGE_NOT_SATISFIABLE',
    status: 416,
    headers: { 'Content-Range': `bytes */${file.sizeBytes}` },
  });
}

const changedMeanwhile = () =>
  new ServiceError('The file is not as the request expects it', {
    code: 'PRECONDITION_FAILED',
    status: 412,
  });

function describe(file: SentFile): Record<string, string> {
  const { etag, name, contentType, modifiedAt, isForSaving = false } = file;
  return {
    ETag: etag,
    ...(modifiedAt && { 'Last-Modified': modifiedAt.toUTCString() }),
    'Accept-Ranges': 'bytes',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'Content-Disposition': disposition(name, !isForSaving && isShown(contentType)),
  };
}
