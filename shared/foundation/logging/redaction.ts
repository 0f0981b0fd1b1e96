import { serializeError } from '@insightdesk/shared/errors';
import { maskEmail } from '@insightdesk/shared/utils';

const REDACTED = '[redacted]';
const MAX_DEPTH = 6;

const secretName =
  /password|passphrase|secret|token|authorization|cookie|credential|(api|access|private|encryption)[-_]?key|dsn$|webhook[-_]?url|otlp[-_]?headers|recovery[-_]?codes?$|^e?-?mail$|emailaddress|phone/i;

/** A copy for the log: errors with their causes, values under secret names replaced. */
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

// Numbers and booleans are no secrets: `tokens: 812` is a count.
function isSecret(name: string, value: unknown): boolean {
  const canHoldSecret = typeof value === 'string' || (typeof value === 'object' && value !== null);
  if (!canHoldSecret) return false;
  const cached = secretNames.get(name);
  if (cached !== undefined) return cached;
  const isMatch = secretName.test(name);
  if (secretNames.size < MAX_CACHED_NAMES) secretNames.set(name, isMatch);
  return isMatch;
}

/** Field names are few: those in the code. */
const secretNames = new Map<string, boolean>();
const MAX_CACHED_NAMES = 1000;

/** Every text that `scrub` changes contains one of these. */
const markers = ['eyJ', 'Bearer ', 'Basic ', '=', '@', '://hooks.'];

/** Removes everything that looks like a secret from a finished line. */
export function scrub(line: string): string {
  if (!mayHoldSecret(line)) return line;
  return line
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '[token]')
    .replace(/\b(Bearer|Basic) [\w.~+/=-]{8,}/g, `$1 ${REDACTED}`)
    .replace(/([?&](?:token|code|key|secret|signature)=)[^&\s"\\]+/gi, `$1${REDACTED}`)
    .replace(/(:\/\/hooks\.[\w.-]+\/)[^\s"\\]+/g, `$1${REDACTED}`)
    .replace(/(:\/\/[^\s:@/"]{0,100}):[^\s@/"]{1,200}@/g, `$1:${REDACTED}@`)
    .replace(/(?<![\w.+-])[\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}/gi, maskEmail);
}

/** Scrubs many lines; returns one text. */
export function scrubLines(lines: readonly string[]): string {
  const text = lines.join('');
  return mayHoldSecret(text) ? lines.map(scrub).join('') : text;
}

/** Most texts contain no marker, and searching for them is much cheaper than matching. */
const mayHoldSecret = (text: string) => markers.some((marker) => text.includes(marker));
