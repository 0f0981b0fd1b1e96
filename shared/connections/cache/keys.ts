const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;
const VALUE = 'cache:';

/** Whose values they are and under which names: nothing inside can reach out of it. */
export interface Keyspace {
  /** A tenant's id, or `all`. */
  owner: string;
  namespace: string;
}

/** A value's key in Valkey; the owner stands first and holds no separator. */
export const valueKey = ({ owner, namespace }: Keyspace, key: string): string =>
  `${VALUE}${owner}:${namespace}:${key}`;

/** The key in Valkey of the list of what carries a tag. */
export const tagKey = ({ owner }: Keyspace, tag: string): string =>
  `cache-tag:${owner}:${checkName(tag)}`;

/** Names are plain words, so that keys can be taken apart. */
export function checkName(name: string): string {
  if (!NAME.test(name)) throw new RangeError(`Not a name for a namespace or tag: ${name}`);
  return name;
}
