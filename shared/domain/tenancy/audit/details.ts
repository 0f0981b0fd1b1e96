const MAX_LENGTH = 8_000;
const MAX_TEXT = 500;
const MAX_DEPTH = 5;
const MAX_ITEMS = 100;

const secretName =
  /password|passphrase|secret|token|authorization|cookie|credential|recovery|hash|(api|private|encryption)[-_]?key$/i;

/** What an entry keeps of an event's account of itself: no secret, and not more than 8,000 letters. */
export function detailsOf(told: unknown): Record<string, unknown> {
  const details = keep(told, 0) as Record<string, unknown>;
  const length = JSON.stringify(details).length;
  return length <= MAX_LENGTH ? details : { omitted: `${length} characters` };
}

function keep(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT).toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => keep(item, depth + 1));
  const kept = Object.entries(value).map(([name, inner]) => [
    name,
    tells(inner) && secretName.test(name) && !name.endsWith('Id')
      ? '[redacted]'
      : keep(inner, depth + 1),
  ]);
  return Object.fromEntries(kept);
}

/** Counts and answers are no secrets, nor are the ids of what has one. */
const tells = (value: unknown) => typeof value === 'string' || typeof value === 'object';
