import {
  and,
  type Column,
  eq,
  type GetColumnData,
  getTableColumns,
  ilike,
  type SQL,
  type SQLWrapper,
  type Table,
} from 'drizzle-orm';

type Values<T extends Table> = {
  [C in keyof T['_']['columns']]?: GetColumnData<T['_']['columns'][C], 'raw'> | SQLWrapper;
};

/** The condition that columns of a table have these values. */
export function matches<T extends Table>(table: T, values: Values<T>): SQL {
  const columns: Record<string, Column> = getTableColumns(table);
  return and(
    ...Object.entries(values).map(([name, value]) => eq(columns[name] as Column, value)),
  ) as SQL;
}

/** The condition that a column contains the text, in any case; `%` and `_` have no special meaning. */
export const contains = (column: Column, text: string): SQL =>
  ilike(column, `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`);
