import { TypeID } from 'typeid-js';
import { z } from 'zod';

/** What an id can name; the prefix is part of the id. */
export type IdPrefix =
  | ('org' | 'usr' | 'cnv' | 'msg' | 'att' | 'key' | 'ses' | 'inv')
  | ('whk' | 'sit' | 'doc' | 'voi' | 'cal' | 'tsk' | 'evt');

/** A TypeID such as `cnv_01h2xcejqtf2nbrexx3vqjhp41`; sorts by time of creation. */
export type Id<P extends IdPrefix = IdPrefix> = `${P}_${string}`;

/** Makes an id that sorts after every id made before it by this process. */
export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return fromUuid(prefix, Bun.randomUUIDv7());
}

/** The id of a stored uuid. */
export function fromUuid<P extends IdPrefix>(prefix: P, uuid: string): Id<P> {
  return TypeID.fromUUID(prefix, uuid).toString() as Id<P>;
}

/** The uuid that is stored for an id; throws when it is none. */
export function toUuid(id: Id): string {
  return TypeID.fromString(id).toUUID();
}

/** Whether a value is a well-formed id of this kind. */
export function isId<P extends IdPrefix>(prefix: P, value: unknown): value is Id<P> {
  return typeof value === 'string' && patternOf(prefix).test(value);
}

/** Zod schema of an id of this kind. */
export function idSchema<P extends IdPrefix>(prefix: P): z.ZodType<Id<P>, Id<P>> {
  const error = `Expected an id that begins with ${prefix}_`;
  const schema = z.string({ error }).regex(patternOf(prefix), { error });
  return schema as unknown as z.ZodType<Id<P>, Id<P>>;
}

const patterns = new Map<IdPrefix, RegExp>();

function patternOf(prefix: IdPrefix): RegExp {
  const known = patterns.get(prefix);
  if (known) return known;
  const pattern = new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`);
  patterns.set(prefix, pattern);
  return pattern;
}
