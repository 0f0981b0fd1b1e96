import { ServiceError } from '@insightdesk/shared/errors';
import type { Context } from './context.ts';

/**
 * Throws 412 unless the `If-Match` header, if any, matches `version`; to be called while the row
 * is locked.
 */
export function requireMatch({ ifMatch }: Context, version: string | number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  if (!ifMatch.split(',').some((tag) => versionOf(tag) === `${version}`))
    throw preconditionFailed();
}

/** 412: the resource has another version than `If-Match` requires. */
export const preconditionFailed = () =>
  new ServiceError('The resource has changed since you read it, or has no version', {
    code: 'PRECONDITION_FAILED',
    status: 412,
  });

/** Compression makes a tag weak; the part after a dash does not belong to the version. */
const versionOf = (tag: string) => /^\s*(?:W\/)?"([^"-]*)(?:-[^"]*)?"\s*$/.exec(tag)?.[1];
