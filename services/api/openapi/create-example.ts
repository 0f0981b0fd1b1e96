import {
  exampleId,
  fieldExamples,
  formatExamples,
  mediaExamples,
  patternExamples,
  schemaExamples,
} from './example-values.ts';
import type { Json } from './schemas.ts';

type Named = Readonly<Record<string, unknown>>;

interface Options {
  /** `components.schemas` of the document. */
  named: Named;
  /** Optional fields are left out when there are required ones, as in a first request. */
  isRequest?: boolean;
}

/** A realistic value that is valid by a schema; the same schema always has the same example. */
export function createExample(schema: Json, options: Options, name = ''): unknown {
  const variants = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (typeof schema.$ref === 'string') return exampleOfNamed(schema.$ref, options);
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if (schema.enum) return pickFrom(schema.enum as unknown[], name);
  if (variants) {
    return createExample(variants.find(({ type }) => type !== 'null') ?? {}, options, name);
  }
  if (schema.type === 'null') return null;
  const known = fieldExamples[name];
  if (known !== undefined && isValid(known, schema)) return known;
  if (schema.default !== undefined) return schema.default;
  switch (typeOf(schema)) {
    case 'string':
      return stringExample(schema, name);
    case 'integer':
    case 'number':
      return Math.max(Number(schema.minimum ?? 0), Math.min(1, Number(schema.maximum ?? 1)));
    case 'boolean':
      return true;
    case 'array':
      return arrayExample(schema, options, name);
    case 'object':
      return objectExample(schema, options);
    default:
      return known ?? null;
  }
}

/** The example of a body that is not JSON. */
export const mediaExample = (contentType: string): unknown => mediaExamples[contentType];

/** The first type besides null. */
const typeOf = ({ type }: Json): unknown =>
  Array.isArray(type) ? type.find((each) => each !== 'null') : type;

function exampleOfNamed($ref: string, options: Options): unknown {
  const name = $ref.slice($ref.lastIndexOf('/') + 1);
  const value = createExample(options.named[name] as Json, options, name);
  const own = schemaExamples[name];
  return own ? { ...(value as Json), ...own } : value;
}

const pickFrom = (values: unknown[], name: string) =>
  values.includes(fieldExamples[name]) ? fieldExamples[name] : values[0];

function stringExample({ pattern, format, minLength = 0 }: Json, name: string): string {
  const prefix = /^\^([a-z]{3})_\[0-7\]/.exec(String(pattern))?.[1];
  if (prefix) return exampleId(prefix, name);
  const text = formatExamples[String(format ?? '')] ?? '';
  const matches = (value: string) => new RegExp(String(pattern ?? '')).test(value);
  const value = [text, ...patternExamples].find(matches) ?? text;
  return value.padEnd(Number(minLength), '.');
}

function arrayExample({ items = {}, minItems = 1 }: Json, options: Options, name: string) {
  const item = createExample(items as Json, options, name);
  return Array.from({ length: Math.max(1, Number(minItems)) }, () => item);
}

function objectExample({ properties, required }: Json, options: Options): Json {
  const isIncluded = (name: string) =>
    !options.isRequest || !Array.isArray(required) || required.includes(name);
  const fields = Object.entries((properties ?? {}) as Record<string, Json>)
    .filter(([name]) => isIncluded(name))
    .map(([name, field]) => [name, createExample(field, options, name)] as const);
  return Object.fromEntries(fields);
}

/** Whether a value from the table fits this schema, which may use the same name for something else. */
function isValid(value: unknown, schema: Json): boolean {
  const type = typeOf(schema);
  if (typeof value === 'string') {
    const { pattern, minLength = 0, maxLength = 1e9, format } = schema;
    const matches = pattern === undefined || new RegExp(String(pattern)).test(value);
    const hasFormat = !['date', 'date-time'].includes(String(format)) || /^\d{4}-/.test(value);
    const fits = value.length >= Number(minLength) && value.length <= Number(maxLength);
    return type === 'string' && matches && hasFormat && fits;
  }
  if (typeof value === 'number') {
    const { minimum = value, maximum = value } = schema;
    const isNumber = type === 'number' || type === 'integer';
    return isNumber && value >= Number(minimum) && value <= Number(maximum);
  }
  if (Array.isArray(value)) return type === 'array';
  if (typeof value === 'boolean') return type === 'boolean';
  return type === 'object' && schema.properties === undefined;
}
