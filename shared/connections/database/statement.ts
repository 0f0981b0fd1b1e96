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
import { requireOpenTransaction, type Tx } from './connection.ts';
import type { ResultColumn, Shape } from './pipeline/pipeline.ts';
import type { Decode } from './pipeline/values.ts';

type Columns = Record<string, Column>;

/** Placeholders of the arguments while a statement is composed; undefined for those not given. */
type Placeholders<A extends Columns, O extends Columns> = {
  [K in keyof A]: SQL<GetColumnData<A[K], 'query'>> & Placeholder;
} & { [K in keyof O]: (SQL<GetColumnData<O[K], 'query'>> & Placeholder) | undefined };

type Values<A extends Columns, O extends Columns> = {
  [K in keyof A]: GetColumnData<A[K], 'query'>;
} & { [K in keyof O]?: GetColumnData<O[K], 'query'> | undefined };

/** A Drizzle query builder that returns rows. */
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
 * Arguments are encoded as their columns are. Each combination of `optional` arguments in use is a
 * statement of its own: have few of them.
 */
export function statement<A extends Columns, R, O extends Columns = Record<never, Column>>(
  required: A,
  compose: (args: Placeholders<A, O>, q: Tx) => Builder<R>,
  { optional }: { optional?: O } = {},
): (tx: Tx, values: Values<A, O>) => Promise<R[]> {
  const requiredColumns = Object.entries(required);
  const optionalColumns = Object.entries(optional ?? {});
  const composedByKey: Composed[] = [];

  function composedFor(values: Record<string, unknown>): Composed {
    let key = 0;
    for (const [at, [name]] of optionalColumns.entries())
      if (values[name] !== undefined) key |= 1 << at;
    const composed =
      composedByKey[key] ??
      composeWith([...requiredColumns, ...optionalColumns.filter((_, at) => key & (1 << at))]);
    composedByKey[key] = composed;
    return composed;
  }

  function composeWith(columns: [string, Column][]): Composed {
    const args = columns.map(([name, column]) => [name, argument(name, column)]);
    return toComposed(compose(Object.fromEntries(args), composer));
  }

  return (tx, values) => {
    const { connection } = requireOpenTransaction(tx);
    const { query, parameters, shape } = composedFor(values);
    const encoded = parameters.map((parameter) => parameter(values));
    return connection.send<R>(query, encoded, shape);
  };
}

const argument = (name: string, column: Column) => sql`${sql.param(sql.placeholder(name), column)}`;

/** The part of a Drizzle prepared query that is used here. */
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
    shape: (fields ? shapeOf(fields, joinsNotNullableMap) : () => ({})) as Shape<never>,
  };
}

function toParameter(parameter: unknown): Composed['parameters'][number] {
  if (parameter instanceof Placeholder) return (values) => values[parameter.name];
  if (!(parameter instanceof Param)) return () => parameter;
  const { value: constant, encoder } = parameter;
  if (!(constant instanceof Placeholder)) return () => constant;
  return (values) => {
    const value = values[constant.name];
    return value === null ? null : encoder.mapToDriverValue(value);
  };
}

/** Builds rows from a select's fields; with several tables each row has an object per table, or null. */
function shapeOf(
  fields: Field[],
  isJoined: Record<string, boolean> = {},
): Shape<Record<string, unknown>> {
  const targets = fields.map(({ path, field }) => {
    const [group, name] = path.length > 1 ? path : [undefined, path[0]];
    return { group, name: name as string, decoder: decoderOf(field) };
  });
  const nullableGroups = new Set(
    fields.flatMap(({ path, field }) =>
      path.length > 1 && is(field, Column) && isJoined[getTableName(field.table)] === false
        ? [path[0] as string]
        : [],
    ),
  );
  const decodersOf = cacheBy((columns: readonly ResultColumn[]) =>
    targets.map(({ decoder }, at) => combineDecoders(columns[at] as ResultColumn, decoder)),
  );
  return (texts, columns) => {
    const decoders = decodersOf(columns);
    const row: Record<string, unknown> = {};
    for (let at = 0; at < targets.length; at++) {
      const { group, name } = targets[at] as (typeof targets)[number];
      const text = texts[at] ?? null;
      const value = text === null ? null : (decoders[at] as Decode)(text);
      if (group === undefined) row[name] = value;
      else {
        row[group] ??= {};
        (row[group] as Record<string, unknown>)[name] = value;
      }
    }
    for (const group of nullableGroups) {
      if (Object.values(row[group] as object).every((value) => value === null)) row[group] = null;
    }
    return row as never;
  };
}

const identity = Column.prototype.mapFromDriverValue;

/** A connection reports a statement's columns once: decoders are cached by that object. */
function cacheBy<K extends object, V>(build: (key: K) => V): (key: K) => V {
  const cache = new WeakMap<K, V>();
  return (key) => {
    let value = cache.get(key);
    if (!value) {
      value = build(key);
      cache.set(key, value);
    }
    return value;
  };
}

function combineDecoders({ decode }: ResultColumn, decoder: Decoder): Decode {
  if (decoder.mapFromDriverValue === identity) return decode;
  return (text) => decoder.mapFromDriverValue(decode(text));
}

function decoderOf(field: Field['field']): Decoder {
  if ('mapFromDriverValue' in field) return field;
  return 'decoder' in field ? field.decoder : field.sql.decoder;
}
