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
 * Builds one statement per page size, and returns the smallest that fits a limit: a limit that the
 * planner knows makes it use the ordered index.
 */
export function perPageSize<S>(build: (rows: SQL & Placeholder) => S): (limit: number) => S {
  const statements = SIZES.map((rows) => ({ rows, statement: build(literal(rows)) }));
  return (limit) => {
    const fit = statements.find(({ rows }) => limit < rows);
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
export const pageSchema = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .describe('null at the end of the list; earlier pages may be shorter than the limit'),
  });

/** Maximum size of the items of a page as JSON; an item that is larger is a page by itself. */
const MAX_PAGE_BYTES = 512 * 1024;

/**
 * Builds a keyset page from up to `limit + 1` rows; the extra one says that more follow. A page ends
 * early at MAX_PAGE_BYTES. `keyOf` returns the sort key of a row; with `resumeAfter` the list goes on
 * after that key although no row is left over.
 */
export function toPage<R, T>(
  rows: R[],
  limit: number,
  keyOf: (row: R) => unknown,
  view: (row: R) => T,
  resumeAfter?: unknown,
): Page<T> {
  const items = takeBytes(rows.slice(0, limit).map(view));
  const last = rows[items.length - 1];
  const key = rows.length > items.length && last !== undefined ? keyOf(last) : resumeAfter;
  return {
    items,
    nextCursor: key === undefined ? null : Buffer.from(JSON.stringify(key)).toString('base64url'),
  };
}

/** The first items within MAX_PAGE_BYTES, and at least one. */
export function takeBytes<T>(items: T[]): T[] {
  // In UTF-8 a character of JSON takes up to three bytes.
  if (JSON.stringify(items).length * 3 <= MAX_PAGE_BYTES) return items;
  let bytes = 0;
  const end = items.findIndex((item, at) => {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    return at > 0 && bytes > MAX_PAGE_BYTES;
  });
  return end === -1 ? items : items.slice(0, end);
}

/** The sort key of a list ordered by an `integer` column; larger numbers are invalid. */
export const integerKey = z.int().min(0).max(2_147_483_647);

/** Reads a cursor that `toPage` made; throws 422 for anything else. */
export function decodeCursor<K>(cursor: string | undefined, key: z.ZodType<K>): K | undefined {
  if (cursor === undefined) return undefined;
  try {
    return key.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new DomainValidationError('The cursor is not valid', {
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'cursor', message: 'Use the nextCursor of an earlier page' }],
    });
  }
}
