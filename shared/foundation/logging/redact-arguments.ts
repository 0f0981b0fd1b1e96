import { serializeError } from '@insightdesk/shared/errors';
import pino, { type Level } from 'pino';
import { redact } from './redaction.ts';

/** Called for every line with its redacted content; `error` is the original error. */
export type LineObserver = (line: {
  level: Level;
  message: string;
  fields: object;
  error: unknown;
}) => void;

/** A line as observers receive it. */
export function toObservedLine(original: unknown, [fields, message]: unknown[], level: number) {
  const isFields = typeof fields === 'object' && fields !== null;
  return {
    level: pino.levels.labels[level] as Level,
    message: String((isFields ? message : fields) ?? ''),
    fields: isFields ? fields : {},
    error: original instanceof Error ? original : errIn(original),
  };
}

const errIn = (fields: unknown): unknown =>
  typeof fields === 'object' && fields !== null && 'err' in fields ? fields.err : undefined;

// An error's own message may hold the parameters of a query; Pino would copy it into `msg`.
export function redactArguments([first, ...rest]: readonly unknown[]): unknown[] {
  const fields = redact(first instanceof Error ? { err: first } : withSerializedError(first));
  const message = rest.length === 0 ? messageOf(fields) : undefined;
  return message === undefined ? [fields, ...rest.map((arg) => redact(arg))] : [fields, message];
}

// A thrown value that is not an error may hold anything: only its type is logged.
function withSerializedError(first: unknown): unknown {
  if (typeof first !== 'object' || first === null || !('err' in first)) return first;
  const { err } = first;
  const isError =
    typeof err === 'object' ? err !== null && 'message' in err : typeof err === 'string';
  return isError ? first : { ...first, err: serializeError(err) };
}

function messageOf(fields: unknown): string | undefined {
  if (typeof fields !== 'object' || fields === null || !('err' in fields)) return undefined;
  const { err } = fields;
  return typeof err === 'object' && err !== null && 'message' in err
    ? String(err.message)
    : undefined;
}
