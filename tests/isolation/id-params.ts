import { idPrefixOf, type Operation, type Schema } from './document.ts';

/** A place in a request where somebody names a thing by its id. */
export interface IdSlot {
  in: 'path' | 'query' | 'body';
  /** `['attachmentIds', 0]`; the parameter's name outside of bodies. */
  at: readonly (string | number)[];
  /** Undefined for ids that are no TypeIDs, as those of jobs. */
  prefix: string | undefined;
}

/** Every slot of an operation where an id goes: all of its path, and what looks like one elsewhere. */
export function idSlotsOf({ parameters, body }: Operation): IdSlot[] {
  const outside = parameters.flatMap(({ name, in: where, schema }): IdSlot[] => {
    const prefix = idPrefixOf(schema);
    if (where === 'header' || (where === 'query' && !prefix)) return [];
    return [{ in: where, at: [name], prefix }];
  });
  return [...outside, ...(body ? idSlotsIn(body, []) : [])];
}

function idSlotsIn(schema: Schema, at: IdSlot['at']): IdSlot[] {
  const prefix = idPrefixOf(schema);
  if (prefix) return [{ in: 'body', at, prefix }];
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [
    ...inner.flatMap((one) => idSlotsIn(one, at)),
    ...(schema.items ? idSlotsIn(schema.items, [...at, 0]) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
      idSlotsIn(one, [...at, name]),
    ),
  ];
}

/** `value` with something put at a slot in it. */
export function put(value: unknown, [key, ...rest]: IdSlot['at'], what: unknown): unknown {
  if (key === undefined) return what;
  if (typeof key === 'number') return [put(undefined, rest, what)];
  const inner = (value ?? {}) as Record<string, unknown>;
  return { ...inner, [key]: put(inner[key], rest, what) };
}
