import { realpath } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { unlessMissing } from './error-code.ts';

const invalid = () =>
  new DomainValidationError('A path leads out of its place', { code: 'INVALID_PATH' });

/**
 * A path below `root` from parts that a stranger may have chosen. Throws DomainValidationError
 * INVALID_PATH for an absolute one, `..`, a backslash, a NUL, or `root` itself. Knows nothing of
 * links: see `resolveInside`.
 */
export function joinInside(root: string, ...parts: string[]): string {
  const segments = parts.flatMap((part) => part.split('/'));
  const leaves = (segment: string) => segment === '..' || /[\0\\]/.test(segment);
  if (parts.some((part) => isAbsolute(part)) || segments.some(leaves)) throw invalid();
  const path = join(root, ...parts);
  if (!resolve(path).startsWith(withEnd(resolve(root))) || resolve(path) === resolve(root)) {
    throw invalid();
  }
  return path;
}

/**
 * Where a path below `root` really is, all links followed; undefined when nothing is there. Throws
 * DomainValidationError INVALID_PATH when that is elsewhere. Whoever may change links in `root`
 * meanwhile can still lead astray.
 */
export async function resolveInside(root: string, ...parts: string[]): Promise<string | undefined> {
  const path = joinInside(root, ...parts);
  const [place, found] = await Promise.all([realpath(root), unlessMissing(realpath(path))]);
  if (found !== undefined && !found.startsWith(withEnd(place))) throw invalid();
  return found;
}

const withEnd = (path: string) => (path.endsWith(sep) ? path : path + sep);
