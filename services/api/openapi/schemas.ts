import { z } from 'zod';

export type Json = Record<string, unknown>;

/** Converts Zod schemas to JSON Schema for one document. */
export interface Schemas {
  of(schema: z.ZodType): Json;
  /** Schemas named by `.meta({ id })`, for `components.schemas`. */
  named(): Json;
}

/** Describes the input side of a schema, before defaults and transforms. */
export function createSchemas(): Schemas {
  const named: Json = {};
  return {
    of(schema) {
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
    },
    named: () => named,
  };
}

// The patterns behind formats are long and redundant.
function override({ jsonSchema }: { jsonSchema: Json }) {
  if (jsonSchema.format) delete jsonSchema.pattern;
}
