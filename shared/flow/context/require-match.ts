import { ServiceError } from '@insightdesk/shared/errors';
import type { Context } from './context.ts';

/**
 * Throws 412 unless `version` is the one that the caller has seen, if he says which; to be called
 * under the lock of what he wants to change.
 */
export function requireMatch({ ifMatch }: Context, version: string | number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  if (!ifMatch.split(',').some((tag) => versionOf(tag) === `${version}`)) throw notMatched();
}

/** 412: it is not what the caller has seen. */
export const notMatched = () =>
  new ServiceError('This has changed since you read it, or has no version', {
    code: 'PRECONDITION_FAILED',
    status: 412,
  });

/** Compression makes a tag a weak one; what follows a dash is not about the version. */
const versionOf = (tag: string) => /^\s*(?:W\/)?"([^"-]*)(?:-[^"]*)?"\s*$/.exec(tag)?.[1];
