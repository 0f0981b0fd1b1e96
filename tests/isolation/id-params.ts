import { idPrefixOf, type Operation, type Schema } from './document.ts';

/** A place in a request that takes an id. */
export interface IdParam {
  in: 'path' | 'query' | 'body';
  /** The path in the body, such as `['attachmentIds', 0]`; else the name of the parameter. */
  at: readonly (string | number)[];
  /** Undefined for ids that are not TypeIDs, such as those of jobs. */
  prefix: string | undefined;
}

/** Every parameter of an operation that takes an id: those of its path, and TypeIDs elsewhere. */
export function listIdParams({ parameters, body }: Operation): IdParam[] {
  const outside = parameters.flatMap(({ name, in: where, schema }): IdParam[] => {
    const prefix = idPrefixOf(schema);
    if (where === 'header' || (where === 'query' && !prefix)) return [];
    return [{ in: where, at: [name], prefix }];
  });
  return [...outside, ...(body ? listBodyIdParams(body, []) : [])];
}

function listBodyIdParams(schema: Schema, at: IdParam['at']): IdParam[] {
  const prefix = idPrefixOf(schema);
  if (prefix) return [{ in: 'body', at, prefix }];
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [
    ...inner.flatMap((one) => listBodyIdParams(one, at)),
    ...(schema.items ? listBodyIdParams(schema.items, [...at, 0]) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
      listBodyIdParams(one, [...at, name]),
    ),
  ];
}

/** A copy of `value` with `what` at that path. */
export function put(value: unknown, [key, ...rest]: IdParam['at'], what: unknown): unknown {
  if (key === undefined) return what;
  if (typeof key === 'number') return [put(undefined, rest, what)];
  const inner = (value ?? {}) as Record<string, unknown>;
  return { ...inner, [key]: put(inner[key], rest, what) };
}
