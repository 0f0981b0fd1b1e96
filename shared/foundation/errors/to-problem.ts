import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { AppError, type FieldError } from './app-error.ts';
import { DomainValidationError } from './domain-errors.ts';

/** The body of an error response, RFC 9457 `application/problem+json`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: FieldError[];
  requestId: string;
}

/** A response lists the first errors and the number of the others. */
const MAX_ERRORS = 20;
const MAX_UNKNOWN_FIELDS = 5;
const MAX_PATH_LENGTH = 200;

/** The public description of any thrown value; an unknown error becomes a 500 without details. */
export function toProblem(error: unknown, { requestId }: { requestId: string }): Problem {
  const { status, code, detail, errors } = toAppError(error);
  const title = STATUS_CODES[status] ?? 'Error';
  const problem = { type: 'about:blank', title, status, code, detail, requestId };
  return errors && status < 500 ? { ...problem, errors: shorten(errors) } : problem;
}

function shorten(errors: readonly FieldError[]): FieldError[] {
  const shown = errors.slice(0, MAX_ERRORS).map(({ path, message }) => ({
    path: path.slice(0, MAX_PATH_LENGTH),
    message,
  }));
  const rest = errors.length - shown.length;
  return rest > 0 ? [...shown, { path: '', message: `${rest} more errors` }] : shown;
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.core.$ZodError) {
    return new DomainValidationError(undefined, { errors: error.issues.flatMap(toFieldErrors) });
  }
  if (isHttpException(error)) {
    const detail = error.message || (STATUS_CODES[error.status] ?? 'The request is invalid');
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
  const shown = issue.keys.slice(0, MAX_UNKNOWN_FIELDS);
  const errors = shown.map((key) => ({ path: [...path, key].join('.'), message: 'Unknown field' }));
  const rest = issue.keys.length - shown.length;
  if (rest > 0) errors.push({ path: path.join('.'), message: `${rest} more unknown fields` });
  return errors;
}

// Hono throws HTTPException for malformed bodies; its 4xx messages are public.
function isHttpException(error: unknown): error is Error & { status: number } {
  if (!(error instanceof Error) || !('getResponse' in error) || !('status' in error)) return false;
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500;
}

function codeOf(status: number): string {
  const phrase = STATUS_CODES[status] ?? 'Bad Request';
  return phrase.toUpperCase().replace(/[^A-Z]+/g, '_');
}
