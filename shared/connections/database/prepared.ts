import { type Column, type Param, sql } from 'drizzle-orm';
import type { Tx } from './wire.ts';

/**
 * A query that is built once per connection and reused: `const byId = prepared((tx) =>
 * tx.select()….where(eq(rows.id, argument(rows.id, 'id'))).prepare('by_id'))`, then
 * `byId(tx).execute({ id })`.
 */
export function prepared<Q>(build: (tx: Tx) => Q): (tx: Tx) => Q {
  const built = new WeakMap<Tx, Q>();
  return (tx) => {
    const known = built.get(tx);
    if (known !== undefined) return known;
    const query = build(tx);
    built.set(tx, query);
    return query;
  };
}

/** A named argument of a prepared query, encoded as `column` encodes its values. */
export const argument = (column: Column, name: string): Param =>
  sql.param(sql.placeholder(name), column);
