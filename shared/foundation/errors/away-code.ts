import { AppError } from './app-error.ts';

const codes = new Set([
  'DATABASE_UNAVAILABLE',
  'STORAGE_UNAVAILABLE',
  'MAIL_UNAVAILABLE',
  'ANTIVIRUS_UNAVAILABLE',
  // A worker that can do it: the next release's, while both are there.
  'WORKER_UNAVAILABLE',
]);

/**
 * The code of a dependency that was away, also as a cause; undefined for any other error. Nothing was
 * done, it is nobody's fault, and work that needs it can wait for it.
 */
export function awayCode(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 4) return undefined;
  if (error instanceof AppError && codes.has(error.code)) return error.code;
  return awayCode(error.cause, depth + 1);
}
