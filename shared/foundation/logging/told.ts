import { serializeError } from '@insightdesk/shared/errors';
import pino, { type Level } from 'pino';
import { redact } from './redaction.ts';

/** Told of every line, in the words that went out; `error` is what was thrown, as it was. */
export type ObserveLine = (line: {
  level: Level;
  message: string;
  fields: object;
  error: unknown;
}) => void;

/** A line as observers are told of it. */
export function toObserved(given: unknown, [fields, message]: unknown[], level: number) {
  const isFields = typeof fields === 'object' && fields !== null;
  return {
    level: pino.levels.labels[level] as Level,
    message: String((isFields ? message : fields) ?? ''),
    fields: isFields ? fields : {},
    error: given instanceof Error ? given : errIn(given),
  };
}

const errIn = (fields: unknown): unknown =>
  typeof fields === 'object' && fields !== null && 'err' in fields ? fields.err : undefined;

// An error's own message may hold the parameters of a query; Pino would copy it into `msg`.
export function forLog([first, ...rest]: readonly unknown[]): unknown[] {
  const fields = redact(first instanceof Error ? { err: first } : withErrorTold(first));
  const message = rest.length === 0 ? messageOf(fields) : undefined;
  return message === undefined ? [fields, ...rest.map((arg) => redact(arg))] : [fields, message];
}

// What is thrown and no error may hold anything: only its kind is told.
function withErrorTold(first: unknown): unknown {
  if (typeof first !== 'object' || first === null || !('err' in first)) return first;
  const { err } = first;
  const isTold =
    typeof err === 'object' ? err !== null && 'message' in err : typeof err === 'string';
  return isTold ? first : { ...first, err: serializeError(err) };
}

function messageOf(fields: unknown): string | undefined {
  if (typeof fields !== 'object' || fields === null || !('err' in fields)) return undefined;
  const { err } = fields;
  return typeof err === 'object' && err !== null && 'message' in err
    ? String(err.message)
    : undefined;
}
