import { DomainValidationError } from '@insightdesk/shared/errors';
import { type Placeholder, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';

/** Query parameters of every list: `limit` from 1 to 100 (default 25) and an opaque `cursor`. */
export const pageInput = {
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.string().max(500).optional(),
};

const SIZES = [26, 101];

/**
 * One statement for each size in which pages are read, by the limit that was asked for: a limit
 * that the planner knows makes it take the index that is in order.
 */
export function perSize<S>(make: (rows: SQL & Placeholder) => S): (limit: number) => S {
  const made = SIZES.map((rows) => ({ rows, statement: make(literal(rows)) }));
  return (limit) => {
    const fit = made.find(({ rows }) => limit < rows);
    if (!fit) throw new RangeError(`Pages have at most ${SIZES.at(-1)} rows`);
    return fit.statement;
  };
}

const literal = (value: number) => sql.raw(String(value)) as SQL & Placeholder;

/** One page of a list and the cursor of the next one, `null` at the end. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** The schema of a page of `item`. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/**
 * Makes a keyset page of rows that are more than `limit` when more follow.
 * `keyOf` gives the sort key of the last row shown.
 */
export function page<R, T>(
  rows: R[],
  limit: number,
  keyOf: (row: R) => unknown,
  view: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    items: shown.map(view),
    nextCursor: more ? Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') : null,
  };
}

/** The key of a list that is in the order of an `integer` column: a larger number is no cursor. */
export const integerKey = z.int().min(0).max(2_147_483_647);

/** Reads a cursor made by `page`; throws 422 when it was not. */
export function decodeCursor<K>(cursor: string | undefined, key: z.ZodType<K>): K | undefined {
  if (cursor === undefined) return undefined;
  try {
    return key.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new DomainValidationError('The cursor is not one of ours', {
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'cursor', message: 'Use the nextCursor of an earlier page' }],
    });
  }
}
