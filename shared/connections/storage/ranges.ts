import { DomainNotFoundError, ServiceError } from '@insightdesk/shared/errors';
import type { ByteRange } from './storage-provider.ts';

/** The part of a file to read as first byte and length; throws 416 when it holds none of the range. */
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

/** What every provider throws for a key that holds nothing. */
export function fileNotFound(cause?: unknown): DomainNotFoundError {
  return new DomainNotFoundError('There is no such file', { code: 'FILE_NOT_FOUND', cause });
}

/** The header that asks for it; undefined for a range that no file has. */
export function rangeHeader(range: ByteRange | undefined): Record<string, string> | undefined {
  if (!range) return {};
  const { start, end } = range;
  const valid = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  return valid && start >= 0 && start <= end ? { range: `bytes=${start}-${end}` } : undefined;
}

/** Whether an answer is what was asked for: services differ in what they do beyond the end. */
export function isRangeResponse({ status, headers }: Response, range: ByteRange | undefined): boolean {
  if (!range) return status === 200;
  const [, start, total] =
    /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('Content-Range') ?? '') ?? [];
  return status === 206 && Number(start) === range.start && range.start < Number(total);
}
