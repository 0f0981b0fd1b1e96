import { matchesEtag } from './matches-etag.ts';

/** Validators of a resource; `etag` with its quotes. */
export interface Validators {
  etag: string;
  modifiedAt?: Date;
}

/**
 * Evaluates the preconditions of a read in the order of RFC 9110 13.2.2: `failed` means 412,
 * `not-modified` 304. An invalid date is ignored.
 */
export function evaluatePreconditions(
  headers: Headers,
  { etag, modifiedAt }: Validators,
): 'met' | 'not-modified' | 'failed' {
  const isModifiedSince = (since: string | null) => isAfter(modifiedAt, since);
  const ifMatch = headers.get('If-Match');
  if (ifMatch !== null) {
    if (!isListed(ifMatch, etag)) return 'failed';
  } else if (isModifiedSince(headers.get('If-Unmodified-Since')) === true) return 'failed';
  const ifNoneMatch = headers.get('If-None-Match');
  if (ifNoneMatch !== null) return matchesEtag(ifNoneMatch, etag) ? 'not-modified' : 'met';
  return isModifiedSince(headers.get('If-Modified-Since')) === false ? 'not-modified' : 'met';
}

/** Whether a range may be sent: `If-Range` matches exactly or is missing. */
export function matchesIfRange(headers: Headers, { etag, modifiedAt }: Validators): boolean {
  const ifRange = headers.get('If-Range')?.trim();
  if (ifRange === undefined) return true;
  if (ifRange.endsWith('"')) return ifRange === etag && !etag.startsWith('W/');
  return modifiedAt !== undefined && Date.parse(ifRange) === wholeSeconds(modifiedAt);
}

const isListed = (ifMatch: string, etag: string) =>
  ifMatch.trim() === '*' ||
  (!etag.startsWith('W/') && ifMatch.split(',').some((tag) => tag.trim() === etag));

/** Undefined when one of both dates is unknown. */
function isAfter(modifiedAt: Date | undefined, since: string | null): boolean | undefined {
  const sinceMs = since === null ? Number.NaN : Date.parse(since);
  if (modifiedAt === undefined || Number.isNaN(sinceMs)) return undefined;
  return wholeSeconds(modifiedAt) > sinceMs;
}

/** Dates in headers have a precision of seconds. */
const wholeSeconds = (date: Date) => Math.floor(date.getTime() / 1000) * 1000;
