const MAX_LENGTH = 8_000;
const MAX_TEXT = 500;
const MAX_DEPTH = 5;
const MAX_ITEMS = 100;

const secretName =
  /password|passphrase|secret|token|authorization|cookie|credential|recovery|hash|(api|private|encryption)[-_]?key$/i;

/** The details that an entry stores: without secrets, at most 8,000 characters. */
export function redactDetails(payload: unknown): Record<string, unknown> {
  const details = redact(payload, 0) as Record<string, unknown>;
  const length = JSON.stringify(details).length;
  return length <= MAX_LENGTH ? details : { omitted: `${length} characters` };
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT).toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[truncated]';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => redact(item, depth + 1));
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    canHoldSecret(inner) && secretName.test(name) && !name.endsWith('Id')
      ? '[redacted]'
      : redact(inner, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

/** Numbers and booleans are no secrets. */
const canHoldSecret = (value: unknown) => typeof value === 'string' || typeof value === 'object';
