import { idPrefixOf, type Operation, type Schema } from './document.ts';

/** A place in a request where somebody names a thing by its id. */
export interface Place {
  in: 'path' | 'query' | 'body';
  /** `['attachmentIds', 0]`; the parameter's name outside of bodies. */
  at: readonly (string | number)[];
  /** Undefined for ids that are no TypeIDs, as those of jobs. */
  prefix: string | undefined;
}

/** Every place of an operation where an id goes: all of its path, and what looks like one elsewhere. */
export function placesOf({ parameters, body }: Operation): Place[] {
  const outside = parameters.flatMap(({ name, in: where, schema }): Place[] => {
    const prefix = idPrefixOf(schema);
    if (where === 'header' || (where === 'query' && !prefix)) return [];
    return [{ in: where, at: [name], prefix }];
  });
  return [...outside, ...(body ? placesIn(body, []) : [])];
}

function placesIn(schema: Schema, at: Place['at']): Place[] {
  const prefix = idPrefixOf(schema);
  if (prefix) return [{ in: 'body', at, prefix }];
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [
    ...inner.flatMap((one) => placesIn(one, at)),
    ...(schema.items ? placesIn(schema.items, [...at, 0]) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
      placesIn(one, [...at, name]),
    ),
  ];
}

/** `value` with something put at a place in it. */
export function put(value: unknown, [key, ...rest]: Place['at'], what: unknown): unknown {
  if (key === undefined) return what;
  if (typeof key === 'number') return [put(undefined, rest, what)];
  const inner = (value ?? {}) as Record<string, unknown>;
  return { ...inner, [key]: put(inner[key], rest, what) };
}
