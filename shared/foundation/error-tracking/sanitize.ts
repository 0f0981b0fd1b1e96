import { scrub } from '@insightdesk/shared/logging';

const MAX_TEXT_LENGTH = 8_000;
const MAX_ITEMS = 50;
const MAX_DEPTH = 12;

/** A copy with scrubbed texts; texts, lists and depth are limited. */
export function sanitize<T>(value: T, depth?: number): T;
export function sanitize(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrub(value.slice(0, MAX_TEXT_LENGTH));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return undefined;
  if (Array.isArray(value))
    return value.slice(0, MAX_ITEMS).map((item) => sanitize(item, depth + 1));
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([name, inner]) => [name, sanitize(inner, depth + 1)]));
}
