import fc from 'fast-check';
import { idPrefixOf, type Schema } from './document.ts';

/** Values for fields that accept only particular ones, by name. */
export type Known = Readonly<Record<string, unknown>>;

interface Options {
  known?: Known;
  /** Omits optional fields. */
  isBare?: boolean;
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const pick = (text: string) => text[Math.floor(Math.random() * text.length)] ?? '';
const randomText = (count: number) => Array.from({ length: count }, () => pick(alphabet)).join('');

/** An id with this prefix that no resource has. */
export const unknownId = (prefix: string): string => `${prefix}_0${randomText(25)}`;

/** A value in the form of `value` that no resource has. */
export function unknownLike(value: string): string {
  const other = value.replace(/_[0-7][0-9a-hjkmnp-tv-z]{25}/g, () => `_0${randomText(25)}`);
  return other === value
    ? value.replace(/[0-9a-z]{1,12}$/i, ({ length }) => randomText(length))
    : other;
}

/** Values that are valid by a schema. */
export function validValues(schema: Schema, options: Options = {}): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return fc.oneof(...variants.map((variant) => validValues(variant, options)));
  if (schema.allOf) {
    const parts = schema.allOf.map((part) => validValues(part, options));
    return fc.tuple(...parts).map((all) => Object.assign({}, ...(all as object[])));
  }
  switch (schema.type) {
    case 'string':
      return validString(schema);
    case 'integer':
    case 'number':
      return fc.integer({
        min: Math.max(schema.minimum ?? 0, -1e9),
        max: Math.min(schema.maximum ?? 1000, 1e9),
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.uniqueArray(validValues(schema.items ?? {}, options), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? 3, 3)),
        comparator: 'SameValueZero',
      });
    case 'object':
      return validObject(schema, options);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function validString(schema: Schema): fc.Arbitrary<string> {
  const prefix = idPrefixOf(schema);
  if (prefix) return fc.constant(prefix).map(unknownId);
  if (schema.format === 'email')
    return fc.constant('').map(() => `isolation-${randomText(12)}@example.com`);
  if (schema.format === 'uri')
    return fc.constant('').map(() => `https://example.com/${randomText(8)}`);
  if (schema.format === 'date-time') {
    return fc
      .integer({ min: 1, max: 60 })
      .map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
  }
  if (schema.pattern) return fc.stringMatching(new RegExp(schema.pattern));
  const maxLength = Math.min(schema.maxLength ?? 40, 40);
  const minLength = Math.min(Math.max(schema.minLength ?? 1, 12), maxLength);
  return fc.constant('').map(() => randomText(minLength));
}

function validObject(
  { properties = {}, required = [] }: Schema,
  options: Options,
): fc.Arbitrary<unknown> {
  const { known = {}, isBare } = options;
  const included = Object.entries(properties).filter(
    ([name]) => !isBare || required.includes(name),
  );
  const model = Object.fromEntries(
    included.map(([name, schema]) => [
      name,
      Object.hasOwn(known, name) ? fc.constant(known[name]) : validValues(schema, options),
    ]),
  );
  return fc.record(model, {
    requiredKeys: Object.keys(model).filter((name) => required.includes(name)),
  });
}

/** One random value. */
export function sample<T>(arbitrary: fc.Arbitrary<T>): T {
  const [value] = fc.sample(arbitrary, 1);
  return value as T;
}
