import { z } from 'zod';
import { createExample } from './create-example.ts';

export type Json = Record<string, unknown>;

/** Converts Zod schemas to JSON Schema for one document. */
export interface Schemas {
  of(schema: z.ZodType): Json;
  /** The schema of a successful JSON response with its example; a page of `Thing` is `ThingList`. */
  ofResponse(schema: z.ZodType): { schema: Json; examples?: Json; example?: unknown };
  /** Schemas named by `.meta({ id })`, for `components.schemas`. */
  named(): Json;
  /** The examples of the named schemas of responses, for `components.examples`. */
  examples(): Json;
}

/** Describes the input side of a schema, before defaults and transforms. */
export function createSchemas(): Schemas {
  const named: Json = {};
  const examples: Json = {};
  function of(schema: z.ZodType): Json {
    const jsonSchema = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override });
    const {
      $schema: _,
      $defs,
      ...json
    } = JSON.parse(
      JSON.stringify(jsonSchema).replaceAll('"#/$defs/', '"#/components/schemas/'),
    ) as Json;
    Object.assign(named, $defs);
    return json;
  }
  return {
    of,
    ofResponse(zodSchema) {
      const schema = nameList(of(zodSchema), named);
      const name = nameOfRef(schema);
      if (!name) return { schema, example: createExample(schema, { named }) };
      examples[name] = { value: createExample(schema, { named }) };
      return { schema, examples: { default: { $ref: `#/components/examples/${name}` } } };
    },
    named: () => named,
    examples: () => examples,
  };
}

/** Names a page of named items `{ items, nextCursor }`, unless another page has that name. */
function nameList(schema: Json, named: Json): Json {
  const { items, nextCursor, ...others } = (schema.properties ?? {}) as Record<string, Json>;
  const item = nameOfRef((items?.items ?? {}) as Json);
  if (!item || !nextCursor || Object.keys(others).length > 0) return schema;
  const name = `${item}List`;
  named[name] ??= schema;
  return JSON.stringify(named[name]) === JSON.stringify(schema) ? refTo(name) : schema;
}

const refTo = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

const nameOfRef = ({ $ref }: Json): string | undefined =>
  typeof $ref === 'string' ? $ref.slice($ref.lastIndexOf('/') + 1) : undefined;

// The patterns behind formats are long and redundant, as are the limits of a safe integer.
function override({ jsonSchema }: { jsonSchema: Json }) {
  if (jsonSchema.format) delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}
