import { z } from 'zod';
import { type Id, type IdPrefix, idPattern } from './ids.ts';

export function idSchema<P extends IdPrefix>(prefix: P): z.ZodType<Id<P>, Id<P>> {
  const error = `Expected an id that starts with ${prefix}_`;
  const schema = z.string({ error }).regex(idPattern(prefix), { error });
  return schema as unknown as z.ZodType<Id<P>, Id<P>>;
}
