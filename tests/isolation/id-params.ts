import { idPrefixOf, type Operation, type Schema } from './document.ts';

/** A parameter or body field whose value is an id. */
export interface IdParam {
  in: 'path' | 'query' | 'body';
  /** The path in the body, such as `['attachmentIds', 0]`; else the name of the parameter. */
  location: readonly (string | number)[];
  /** Undefined for ids that are not TypeIDs, such as those of jobs. */
  prefix: string | undefined;
}

/** Path parameters that an organization chooses itself, so that another one may use the same. */
const ownNames = new Set(['externalId', 'name', 'locale']);

/** All parameters of an operation that are ids: path parameters, and TypeIDs elsewhere. */
export function listIdParams({ parameters, body }: Operation): IdParam[] {
  const outside = parameters.flatMap(({ name, in: where, schema }): IdParam[] => {
    const prefix = idPrefixOf(schema);
    if (where === 'header' || (where === 'query' && !prefix)) return [];
    if (where === 'path' && !prefix && ownNames.has(name)) return [];
    return [{ in: where, location: [name], prefix }];
  });
  return [...outside, ...(body ? listBodyIdParams(body, []) : [])];
}

function listBodyIdParams(schema: Schema, location: IdParam['location']): IdParam[] {
  const prefix = idPrefixOf(schema);
  if (prefix) return [{ in: 'body', location, prefix }];
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [
    ...inner.flatMap((variant) => listBodyIdParams(variant, location)),
    ...(schema.items ? listBodyIdParams(schema.items, [...location, 0]) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      listBodyIdParams(property, [...location, name]),
    ),
  ];
}

/** A copy of `value` with `replacement` at that path. */
export function setAtPath(
  value: unknown,
  [key, ...rest]: IdParam['location'],
  replacement: unknown,
): unknown {
  if (key === undefined) return replacement;
  if (typeof key === 'number') return [setAtPath(undefined, rest, replacement)];
  const inner = (value ?? {}) as Record<string, unknown>;
  return { ...inner, [key]: setAtPath(inner[key], rest, replacement) };
}
