import { DomainNotFoundError, ServiceError } from '@insightdesk/shared/errors';
import type { ByteRange } from './storage-provider.ts';

/** The first byte and the length to read; throws 416 when the range is outside the file. */
export function resolveRange(
  range: ByteRange | undefined,
  sizeBytes: number,
): { start: number; length: number } {
  if (!range) return { start: 0, length: sizeBytes };
  const { start, end } = range;
  const valid = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end;
  if (!valid || start >= sizeBytes) {
    throw new ServiceError('The range is outside the file', {
      code: 'RANGE_NOT_SATISFIABLE',
      status: 416,
      headers: { 'Content-Range': `bytes */${sizeBytes}` },
    });
  }
  return { start, length: Math.min(end, sizeBytes - 1) - start + 1 };
}

/** The error of every provider for a key without a file. */
export function fileNotFound(cause?: unknown): DomainNotFoundError {
  return new DomainNotFoundError('File not found', { code: 'FILE_NOT_FOUND', cause });
}

/** The Range header of a request; undefined for an invalid range. */
export function rangeHeader(range: ByteRange | undefined): Record<string, string> | undefined {
  if (!range) return {};
  const { start, end } = range;
  const valid = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  return valid && start >= 0 && start <= end ? { range: `bytes=${start}-${end}` } : undefined;
}

/** Whether a response contains the requested range; services differ for ranges beyond the end. */
export function isRangeResponse(
  { status, headers }: Response,
  range: ByteRange | undefined,
): boolean {
  if (!range) return status === 200;
  const [, start, total] =
    /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('Content-Range') ?? '') ?? [];
  return status === 206 && Number(start) === range.start && range.start < Number(total);
}
