import { scrub } from '@insightdesk/shared/logging';

const LONGEST = 8_000;
const MOST = 50;
const MAX_DEPTH = 12;

/** A copy whose texts are without secrets and not too long, and whose lists are not either. */
export function clean<T>(value: T, depth?: number): T;
export function clean(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrub(value.slice(0, LONGEST));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return value.slice(0, MOST).map((item) => clean(item, depth + 1));
  const entries = Object.entries(value).slice(0, MOST);
  return Object.fromEntries(entries.map(([name, inner]) => [name, clean(inner, depth + 1)]));
}
