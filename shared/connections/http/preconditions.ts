import { matchesEtag } from './entity-tag.ts';

/** What a client may know of a resource; `etag` with its quotes. */
export interface Validators {
  etag: string;
  modifiedAt?: Date;
}

/**
 * What the conditions of a read come to, in the order of RFC 9110 13.2.2: `failed` is for 412,
 * `unchanged` for 304. A date that cannot be read is no condition.
 */
export function judgeConditions(
  headers: Headers,
  { etag, modifiedAt }: Validators,
): 'met' | 'unchanged' | 'failed' {
  const changed = (since: string | null) => isAfter(modifiedAt, since);
  const ifMatch = headers.get('If-Match');
  if (ifMatch !== null) {
    if (!isListed(ifMatch, etag)) return 'failed';
  } else if (changed(headers.get('If-Unmodified-Since')) === true) return 'failed';
  const ifNoneMatch = headers.get('If-None-Match');
  if (ifNoneMatch !== null) return matchesEtag(ifNoneMatch, etag) ? 'unchanged' : 'met';
  return changed(headers.get('If-Modified-Since')) === false ? 'unchanged' : 'met';
}

/** Whether a range may be cut out of what is there now: `If-Range` names it exactly or is not sent. */
export function isRangeOfSame(headers: Headers, { etag, modifiedAt }: Validators): boolean {
  const ifRange = headers.get('If-Range')?.trim();
  if (ifRange === undefined) return true;
  if (ifRange.endsWith('"')) return ifRange === etag && !etag.startsWith('W/');
  return modifiedAt !== undefined && Date.parse(ifRange) === wholeSeconds(modifiedAt);
}

const isListed = (ifMatch: string, etag: string) =>
  ifMatch.trim() === '*' ||
  (!etag.startsWith('W/') && ifMatch.split(',').some((tag) => tag.trim() === etag));

/** Undefined when one of both is not known. */
function isAfter(modifiedAt: Date | undefined, since: string | null): boolean | undefined {
  const at = since === null ? Number.NaN : Date.parse(since);
  if (modifiedAt === undefined || Number.isNaN(at)) return undefined;
  return wholeSeconds(modifiedAt) > at;
}

/** Dates in headers have no more. */
const wholeSeconds = (date: Date) => Math.floor(date.getTime() / 1000) * 1000;
