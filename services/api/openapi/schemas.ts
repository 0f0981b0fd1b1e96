import { z } from 'zod';

export type Json = Record<string, unknown>;

/** Turns Zod schemas into those of one API document. */
export interface Schemas {
  of(schema: z.ZodType): Json;
  /** What was given a name by `.meta({ id })`, for `components.schemas`. */
  named(): Json;
}

/** Describes what travels: the input side of a schema, before defaults and transforms. */
export function createSchemas(): Schemas {
  const named: Json = {};
  return {
    of(schema) {
      const made = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override });
      const {
        $schema: _,
        $defs,
        ...json
      } = JSON.parse(
        JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/'),
      ) as Json;
      Object.assign(named, $defs);
      return json;
    },
    named: () => named,
  };
}

// A format says it already, and the patterns behind the formats are long.
function override({ jsonSchema }: { jsonSchema: Json }) {
  if (jsonSchema.format) delete jsonSchema.pattern;
}
