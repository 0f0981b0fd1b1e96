import { serializeError } from '@insightdesk/shared/errors';
import { maskEmail } from '@insightdesk/shared/utils';

const REDACTED = '[redacted]';
const MAX_DEPTH = 6;

const secretName =
  /password|passphrase|secret|token|authorization|cookie|credential|(api|access|private|encryption)[-_]?key|dsn$|webhook[-_]?url|otlp[-_]?headers|recovery[-_]?codes?$|^e?-?mail$|emailaddress|phone/i;

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
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    if (name === '__proto__') continue;
    const inner = (value as Record<string, unknown>)[name];
    copy[name] = isSecret(name, inner) ? REDACTED : redact(inner, depth + 1);
  }
  return copy;
}

// Figures are no secrets: `tokens: 812` is a count, `hasPassword: true` an answer.
function isSecret(name: string, value: unknown): boolean {
  const tells = typeof value === 'string' || (typeof value === 'object' && value !== null);
  if (!tells) return false;
  const known = namesSeen.get(name);
  if (known !== undefined) return known;
  const holds = secretName.test(name);
  if (namesSeen.size < NAMES_REMEMBERED) namesSeen.set(name, holds);
  return holds;
}

/** The names of fields are few: those that the code is written with. */
const namesSeen = new Map<string, boolean>();
const NAMES_REMEMBERED = 1000;

/** One of these stands in whatever `scrub` takes out. */
const tellTales = ['eyJ', 'Bearer ', 'Basic ', '=', '@', '://hooks.'];

/** Takes out of a finished line what looks like a secret, wherever a text has carried it. */
export function scrub(line: string): string {
  if (!isTelling(line)) return line;
  return line
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '[token]')
    .replace(/\b(Bearer|Basic) [\w.~+/=-]{8,}/g, `$1 ${REDACTED}`)
    .replace(/([?&](?:token|code|key|secret|signature)=)[^&\s"\\]+/gi, `$1${REDACTED}`)
    .replace(/(:\/\/hooks\.[\w.-]+\/)[^\s"\\]+/g, `$1${REDACTED}`)
    .replace(/(:\/\/[^\s:@/"]{0,100}):[^\s@/"]{1,200}@/g, `$1:${REDACTED}@`)
    .replace(/(?<![\w.+-])[\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}/gi, maskEmail);
}

/** The same of many lines, as one text. */
export function scrubLines(lines: readonly string[]): string {
  const text = lines.join('');
  return isTelling(text) ? lines.map(scrub).join('') : text;
}

/** Most texts hold none of these, and looking for them costs far less than matching. */
const isTelling = (text: string) => tellTales.some((sign) => text.includes(sign));
