import { serializeError } from '@insightdesk/shared/errors';
import { maskEmail } from '@insightdesk/shared/utils';

const REDACTED = '[redacted]';
const MAX_DEPTH = 6;

const secretName =
  /password|passphrase|secret|token|authorization|cookie|credential|(api|private|encryption)[-_]?key|^dsn$|^e?-?mail$|emailaddress|phone/i;

/** A copy fit for a log: errors with their causes, nothing under a name that holds a secret. */
export function redact(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return redact(serializeError(value), depth);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return redact(value.toJSON(), depth + 1);
  }
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [
    name,
    isSecret(name, inner) ? REDACTED : redact(inner, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

// Figures are no secrets: `tokens: 812` is a count, `hasPassword: true` an answer.
function isSecret(name: string, value: unknown): boolean {
  const tells = typeof value === 'string' || (typeof value === 'object' && value !== null);
  return tells && secretName.test(name);
}

/** Takes out of a finished line what looks like a secret, wherever a text has carried it. */
export function scrub(line: string): string {
  return line
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '[token]')
    .replace(/\b(Bearer|Basic) [\w.~+/=-]{8,}/g, `$1 ${REDACTED}`)
    .replace(/([?&](?:token|code|key|secret|signature)=)[^&\s"\\]+/gi, `$1${REDACTED}`)
    .replace(/(:\/\/[^\s:@/"]{0,100}):[^\s@/"]{1,200}@/g, `$1:${REDACTED}@`)
    .replace(/(?<![\w.+-])[\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}/gi, maskEmail);
}
