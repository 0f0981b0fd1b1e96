import { z } from 'zod';
import { AppError } from './app-error.ts';

/** An error in a log line. */
export interface SerializedError {
  name: string;
  message: string;
  code?: string;
  status?: number;
  stack?: string;
  constraint?: string;
  table?: string;
  issues?: { path: string; code: string }[];
  errors?: SerializedError[];
  cause?: SerializedError;
}

const MAX_DEPTH = 8;

/** Describes an error and its causes for logs, without the parameters of a query. */
export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error)) {
    // An unknown object may hold secrets: only its type is logged.
    const message = typeof error === 'string' ? error : `a thrown ${typeOf(error)}`;
    return { name: 'NonError', message };
  }
  const message = safeMessage(error);
  return {
    name: error.name,
    message,
    ...codes(error),
    ...(error.stack && { stack: safeStack(error.stack, error.message, message) }),
    ...nested(error, depth),
  };
}

function codes(error: Error) {
  const text = (key: string) => {
    const value: unknown = Reflect.get(error, key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const code = text('code');
  const constraint = text('constraint_name');
  const table = text('table_name');
  return {
    ...(code && { code }),
    ...(error instanceof AppError && { status: error.status }),
    ...(constraint && { constraint }),
    ...(table && { table }),
  };
}

function nested(error: Error, depth: number) {
  if (depth >= MAX_DEPTH) return {};
  const serializeNested = (e: unknown) => serializeError(e, depth + 1);
  const issues = error instanceof z.core.$ZodError ? error.issues : undefined;
  return {
    ...(issues && { issues: issues.map(({ path, code }) => ({ path: path.join('.'), code })) }),
    ...(error instanceof AggregateError && {
      errors: error.errors.slice(0, 10).map(serializeNested),
    }),
    ...(error.cause !== undefined && { cause: serializeNested(error.cause) }),
  };
}

// Drizzle appends the parameters to its message; PostgreSQL quotes the value of a data exception.
function safeMessage(error: Error): string {
  if ('query' in error && 'params' in error) return `Failed query: ${String(error.query)}`;
  if (error instanceof z.core.$ZodError) {
    const count = error.issues.length;
    return `${count} validation ${count === 1 ? 'error' : 'errors'}`;
  }
  if (error.name !== 'PostgresError') return error.message;
  return error.message.replace(/: ".*"$/s, ': [value]');
}

function safeStack(stack: string, message: string, safe: string): string {
  if (message === safe || message === '') return stack;
  return stack.split(message).join(safe);
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
