import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { AppError, type FieldError } from './app-error.ts';
import { DomainValidationError } from './domain-errors.ts';

/** The body of an error answer, RFC 9457 `application/problem+json`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: FieldError[];
  requestId: string;
}

/** Whoever sends a thousand faults learns of the first few, and how many there were. */
const MOST_FAULTS = 20;
const MOST_UNKNOWN = 5;
const LONGEST_PATH = 200;

/** Turns anything thrown into its public face; whatever is not ours becomes a bare 500. */
export function toProblem(error: unknown, { requestId }: { requestId: string }): Problem {
  const known = toAppError(error);
  const { status, code, detail, errors } = known;
  const title = STATUS_CODES[status] ?? 'Error';
  const problem = { type: 'about:blank', title, status, code, detail, requestId };
  return errors && status < 500 ? { ...problem, errors: shorten(errors) } : problem;
}

function shorten(errors: readonly FieldError[]): FieldError[] {
  const shown = errors.slice(0, MOST_FAULTS).map(({ path, message }) => ({
    path: path.slice(0, LONGEST_PATH),
    message,
  }));
  const rest = errors.length - shown.length;
  return rest > 0 ? [...shown, { path: '', message: `${rest} more faults` }] : shown;
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.core.$ZodError) {
    return new DomainValidationError(undefined, { errors: error.issues.flatMap(toFieldErrors) });
  }
  if (isHttpRefusal(error)) {
    const detail = error.message || (STATUS_CODES[error.status] ?? 'The request was refused');
    return new AppError(error.message, {
      code: codeOf(error.status),
      status: error.status,
      detail,
    });
  }
  return new AppError('Unexpected error', { code: 'INTERNAL', status: 500 });
}

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }];
  const told = issue.keys.slice(0, MOST_UNKNOWN);
  const faults = told.map((key) => ({ path: [...path, key].join('.'), message: 'Unknown field' }));
  const rest = issue.keys.length - told.length;
  if (rest > 0) faults.push({ path: path.join('.'), message: `${rest} more unknown fields` });
  return faults;
}

// Hono throws HTTPException for malformed bodies; its 4xx messages are written for clients.
function isHttpRefusal(error: unknown): error is Error & { status: number } {
  if (!(error instanceof Error) || !('getResponse' in error) || !('status' in error)) return false;
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500;
}

function codeOf(status: number): string {
  const phrase = STATUS_CODES[status] ?? 'Bad Request';
  return phrase.toUpperCase().replace(/[^A-Z]+/g, '_');
}
