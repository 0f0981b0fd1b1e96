import {
  Column,
  type GetColumnData,
  getTableName,
  is,
  Param,
  Placeholder,
  type SQL,
  sql,
} from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import type { ResultColumn, Shape } from './pipeline/pipeline.ts';
import type { Decode } from './pipeline/values.ts';
import { requireOpen, type Tx } from './tx.ts';

type Columns = Record<string, Column>;

/** What stands for the arguments while a statement is composed; undefined for those not given. */
type Placeholders<A extends Columns, O extends Columns> = {
  [K in keyof A]: SQL<GetColumnData<A[K], 'query'>> & Placeholder;
} & { [K in keyof O]: (SQL<GetColumnData<O[K], 'query'>> & Placeholder) | undefined };

type Values<A extends Columns, O extends Columns> = {
  [K in keyof A]: GetColumnData<A[K], 'query'>;
} & { [K in keyof O]?: GetColumnData<O[K], 'query'> | undefined };

/** A builder of Drizzle's, of which rows come. */
interface Builder<R> extends PromiseLike<R[]> {
  prepare(name: string): unknown;
}

interface Composed {
  query: string;
  /** In the order of the query's parameters. */
  parameters: ((values: Record<string, unknown>) => unknown)[];
  shape: Shape<never>;
}

const composer = drizzle.mock() as Tx;

/**
 * A statement that is composed once for this process, and prepared once on each connection:
 *
 *     const byId = statement({ id: things.id }, ({ id }, q) =>
 *       q.select().from(things).where(eq(things.id, id)));
 *     const [thing] = await byId(tx, { id });
 *
 * Its arguments are encoded as their columns are. Of those in `optional` each combination that is
 * met is a statement of its own; keep them few.
 */
export function statement<A extends Columns, R, O extends Columns = Record<never, Column>>(
  given: A,
  compose: (args: Placeholders<A, O>, q: Tx) => Builder<R>,
  { optional }: { optional?: O } = {},
): (tx: Tx, values: Values<A, O>) => Promise<R[]> {
  const always = Object.entries(given);
  const sometimes = Object.entries(optional ?? {});
  const known: Composed[] = [];

  function shapeFor(values: Record<string, unknown>): Composed {
    let key = 0;
    for (const [at, [name]] of sometimes.entries()) if (values[name] !== undefined) key |= 1 << at;
    const composed =
      known[key] ?? composeWith([...always, ...sometimes.filter((_, at) => key & (1 << at))]);
    known[key] = composed;
    return composed;
  }

  function composeWith(columns: [string, Column][]): Composed {
    const args = columns.map(([name, column]) => [name, argument(name, column)]);
    return toComposed(compose(Object.fromEntries(args), composer));
  }

  return (tx, values) => {
    const { connection } = requireOpen(tx);
    const { query, parameters, shape } = shapeFor(values);
    const encoded = parameters.map((parameter) => parameter(values));
    return connection.send<R>(query, encoded, shape);
  };
}

const argument = (name: string, column: Column) => sql`${sql.param(sql.placeholder(name), column)}`;

/** What Drizzle holds of a query that it has composed. */
interface Prepared {
  queryString: string;
  params: unknown[];
  fields?: Field[];
  joinsNotNullableMap?: Record<string, boolean>;
}

interface Field {
  path: string[];
  field: Decoder | { decoder: Decoder } | { sql: { decoder: Decoder } };
}

interface Decoder {
  mapFromDriverValue(value: unknown): unknown;
}

function toComposed(builder: Builder<unknown>): Composed {
  const { queryString, params, fields, joinsNotNullableMap } = builder.prepare('') as Prepared;
  return {
    query: queryString,
    parameters: params.map(toParameter),
    shape: (fields ? rowsOf(fields, joinsNotNullableMap) : () => ({})) as Shape<never>,
  };
}

function toParameter(parameter: unknown): Composed['parameters'][number] {
  if (parameter instanceof Placeholder) return (values) => values[parameter.name];
  if (!(parameter instanceof Param)) return () => parameter;
  const { value: held, encoder } = parameter;
  if (!(held instanceof Placeholder)) return () => held;
  return (values) => {
    const value = values[held.name];
    return value === null ? null : encoder.mapToDriverValue(value);
  };
}

/** Makes rows of a select's fields; those of several tables are an object for each, or null. */
function rowsOf(
  fields: Field[],
  isJoined: Record<string, boolean> = {},
): Shape<Record<string, unknown>> {
  const places = fields.map(({ path, field }) => {
    const [group, name] = path.length > 1 ? path : [undefined, path[0]];
    return { group, name: name as string, decoder: decoderOf(field) };
  });
  const mayMiss = new Set(
    fields.flatMap(({ path, field }) =>
      path.length > 1 && is(field, Column) && isJoined[getTableName(field.table)] === false
        ? [path[0] as string]
        : [],
    ),
  );
  const decoders = keepFor((columns: readonly ResultColumn[]) =>
    places.map(({ decoder }, at) => through(columns[at] as ResultColumn, decoder)),
  );
  return (texts, columns) => {
    const decode = decoders(columns);
    const row: Record<string, unknown> = {};
    for (let at = 0; at < places.length; at++) {
      const { group, name } = places[at] as (typeof places)[number];
      const text = texts[at] ?? null;
      const value = text === null ? null : (decode[at] as Decode)(text);
      if (group === undefined) row[name] = value;
      else {
        row[group] ??= {};
        (row[group] as Record<string, unknown>)[name] = value;
      }
    }
    for (const group of mayMiss) {
      if (Object.values(row[group] as object).every((value) => value === null)) row[group] = null;
    }
    return row as never;
  };
}

const asIs = Column.prototype.mapFromDriverValue;

/** Each connection is told a statement's columns once. */
function keepFor<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const kept = new WeakMap<K, V>();
  return (key) => {
    let value = kept.get(key);
    if (!value) {
      value = make(key);
      kept.set(key, value);
    }
    return value;
  };
}

function through({ decode }: ResultColumn, decoder: Decoder): Decode {
  if (decoder.mapFromDriverValue === asIs) return decode;
  return (text) => decoder.mapFromDriverValue(decode(text));
}

function decoderOf(field: Field['field']): Decoder {
  if ('mapFromDriverValue' in field) return field;
  return 'decoder' in field ? field.decoder : field.sql.decoder;
}
