import { realpath } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { unlessMissing } from './error-code.ts';

const invalidPath = () =>
  new DomainValidationError('The path is outside its root directory', { code: 'INVALID_PATH' });

/**
 * A path below `root` from untrusted parts. Throws DomainValidationError INVALID_PATH for an absolute
 * path, `..`, a backslash, a NUL, or `root` itself. Does not follow links: see `resolveInside`.
 */
export function joinInside(root: string, ...parts: string[]): string {
  const segments = parts.flatMap((part) => part.split('/'));
  const isUnsafe = (segment: string) => segment === '..' || /[\0\\]/.test(segment);
  if (parts.some((part) => isAbsolute(part)) || segments.some(isUnsafe)) throw invalidPath();
  const path = join(root, ...parts);
  if (!resolve(path).startsWith(withSeparator(resolve(root))) || resolve(path) === resolve(root)) {
    throw invalidPath();
  }
  return path;
}

/**
 * The real path of a path below `root`, with links followed; undefined when it does not exist. Throws
 * DomainValidationError INVALID_PATH when it is outside `root`. Not safe against links that change
 * between this check and the use of the path.
 */
export async function resolveInside(root: string, ...parts: string[]): Promise<string | undefined> {
  const path = joinInside(root, ...parts);
  const [realRoot, found] = await Promise.all([realpath(root), unlessMissing(realpath(path))]);
  if (found !== undefined && !found.startsWith(withSeparator(realRoot))) throw invalidPath();
  return found;
}

const withSeparator = (path: string) => (path.endsWith(sep) ? path : path + sep);
