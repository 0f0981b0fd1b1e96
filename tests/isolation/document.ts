/** A JSON Schema, as far as the API's document uses it. */
export interface Schema {
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array' | 'null';
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
}

/** One thing that can be asked of the API. */
export interface Operation {
  method: string;
  /** With `{name}` for each parameter. */
  path: string;
  isPublic: boolean;
  parameters: {
    name: string;
    in: 'path' | 'query' | 'header';
    required?: boolean;
    schema: Schema;
  }[];
  /** Undefined where it takes no JSON. */
  body: Schema | undefined;
  /** What its body is, where that is no JSON. */
  contentType: string | undefined;
  /** The statuses that it promises. */
  statuses: string[];
}

interface Described {
  security?: unknown[];
  parameters?: Operation['parameters'];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, unknown>;
}

interface ApiDocument {
  paths: Record<string, Record<string, Described>>;
}

/** Every operation of an OpenAPI document. */
export function operationsOf(document: ApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      path,
      isPublic: described.security?.length === 0,
      parameters: described.parameters ?? [],
      body: described.requestBody?.content['application/json']?.schema,
      contentType: Object.keys(described.requestBody?.content ?? {}).find(
        (type) => !/json/.test(type),
      ),
      statuses: Object.keys(described.responses),
    })),
  );
}

/** `cnv` of a schema that asks for a conversation's id; undefined for anything else. */
export const idPrefixOf = ({ pattern }: Schema): string | undefined =>
  /^\^([a-z]{2,8})_\[0-7\]/.exec(pattern ?? '')?.[1];
