/** A JSON Schema, as far as the OpenAPI document uses it. */
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

/** One operation of the API. */
export interface Operation {
  method: string;
  /** Path template, such as `/v1/members/{userId}`. */
  path: string;
  isPublic: boolean;
  parameters: {
    name: string;
    in: 'path' | 'query' | 'header';
    required?: boolean;
    schema: Schema;
  }[];
  /** The schema of its JSON body, if any. */
  body: Schema | undefined;
  /** The content type of its body, if that is not JSON. */
  contentType: string | undefined;
  /** The documented statuses. */
  statuses: string[];
}

interface Described {
  security?: object[];
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
      isPublic: isPublic(described.security),
      parameters: described.parameters ?? [],
      body: described.requestBody?.content['application/json']?.schema,
      contentType: Object.keys(described.requestBody?.content ?? {}).find(
        (type) => !/json/.test(type),
      ),
      statuses: Object.keys(described.responses),
    })),
  );
}

/** The prefix of a TypeID schema, such as `cnv`; undefined for other schemas. */
export const idPrefixOf = ({ pattern }: Schema): string | undefined =>
  /^\^([a-z]{2,8})_\[0-7\]/.exec(pattern ?? '')?.[1];

/** No credentials are needed: none at all, or they are optional. */
const isPublic = (security?: object[]) =>
  security?.every((needed) => Object.keys(needed).length > 0) === false || security?.length === 0;
