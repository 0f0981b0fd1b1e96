import { ServiceError } from '@insightdesk/shared/errors';
import { matchesIfRange, type Validators } from './evaluate-preconditions.ts';
import { type ByteRange, parseByteRange } from './parse-byte-range.ts';

/** The range to send; undefined for the whole content. Throws 416 for a range outside of it. */
export function selectRange(
  headers: Headers,
  content: Validators & { sizeBytes: number },
): ByteRange | undefined {
  if (!matchesIfRange(headers, content)) return undefined;
  const { sizeBytes } = content;
  const range = parseByteRange(headers.get('Range') ?? undefined, sizeBytes);
  if (range !== 'unsatisfiable') return range;
  throw new ServiceError(`The file has ${sizeBytes} bytes`, {
    code: 'RANGE_NOT_SATISFIABLE',
    status: 416,
    headers: { 'Content-Range': `bytes */${sizeBytes}` },
  });
}
