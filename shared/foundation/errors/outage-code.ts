import { AppError } from './app-error.ts';

const codes = new Set([
  'DATABASE_UNAVAILABLE',
  'STORAGE_UNAVAILABLE',
  'MAIL_UNAVAILABLE',
  'ANTIVIRUS_UNAVAILABLE',
  // A closed limit cannot be counted.
  'LIMIT_UNAVAILABLE',
  // Only a worker of the next release can run the job, while both releases run.
  'WORKER_UNAVAILABLE',
]);

/**
 * The code of an error that a dependency is unavailable, also as a cause; undefined for any other
 * error. The work had no effect and can be repeated when the dependency is back.
 */
export function outageCode(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 4) return undefined;
  if (error instanceof AppError && codes.has(error.code)) return error.code;
  return outageCode(error.cause, depth + 1);
}
