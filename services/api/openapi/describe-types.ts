import type { z } from 'zod';
import { createSchemas, type Json } from './schemas.ts';

interface Operation {
  summary: string;
  parameters?: { name: string; in: string; required: boolean; schema: Json }[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, { content?: Record<string, { schema: Json }> }>;
}

const head = `// Made by services/api/openapi/write-client-types.ts; do not edit.
// biome-ignore-all format: one line per part is what a diff should show
`;
const operationsHead = `
/** Every route, by method and path: what it takes and what it answers with. */
export interface Operations {
`;

/** An API document as TypeScript, for the client package: its named schemas and its routes. */
export function describeTypes(document: Json): string {
  const paths = document.paths as Record<string, Record<string, Operation>>;
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      entryOf(`${method.toUpperCase()} ${path}`, operation),
    ),
  );
  const { schemas = {} } = (document.components ?? {}) as { schemas?: Record<string, Json> };
  const named = Object.entries(schemas).map(
    ([name, schema]) => `\nexport type ${name} = ${typeOf(schema)};\n`,
  );
  return `${head}${named.join('')}${operationsHead}${entries.join('')}}\n`;
}

/** The events that clients hear, and their data, as TypeScript. */
export function describeEventTypes(heard: Readonly<Record<string, z.ZodType>>): string {
  const schemas = createSchemas();
  const types = Object.entries(heard).map(([name, data]) => [name, typeOf(schemas.of(data))]);
  const names = Object.keys(heard).map((name) => `  ${constantOf(name)}: '${name}',\n`);
  return `${head}
/** Names of the durable events that clients hear. */
export const Events = {
${names.join('')}} as const;

/** The data of each of them. */
export interface EventData {
${types.map(([name, type]) => `  '${name}': ${type};\n`).join('')}}
`;
}

const constantOf = (name: string) =>
  name.replace(/[^a-z]+([a-z])/g, (_, letter: string) => letter.toUpperCase());

function entryOf(route: string, operation: Operation): string {
  const { parameters = [], requestBody, responses, summary } = operation;
  const given = (place: string) =>
    object(parameters.filter((parameter) => parameter.in === place).map(toField));
  const answers = Object.entries(responses).filter(([status]) => /^[23]\d\d$/.test(status));
  // A 204 beside a body is for browsers that ask for cookies; the client asks for tokens.
  const bodies = answers.flatMap(([, { content }]) => contentType(content) ?? []);
  const types = bodies.length > 0 ? bodies : ['undefined'];
  return [
    `  /** ${summary}. */`,
    `  '${route}': {`,
    `    path: ${given('path')};`,
    `    query: ${given('query')};`,
    `    body: ${contentType(requestBody?.content) ?? 'undefined'};`,
    `    answer: ${[...new Set(types)].join(' | ')};`,
    '  };\n',
  ].join('\n');
}

function contentType(content: Record<string, { schema: Json }> | undefined): string | undefined {
  const [[mediaType, { schema }] = ['', { schema: {} }]] = Object.entries(content ?? {});
  if (mediaType === '') return undefined;
  if (mediaType === 'application/json') return typeOf(schema);
  return mediaType === 'multipart/form-data' ? 'FormData' : 'Blob';
}

const toField = ({ name, required, schema }: { name: string; required: boolean; schema: Json }) =>
  `${/^\w+$/.test(name) ? name : literal(name)}${required ? '' : '?'}: ${typeOf(schema)}${required ? '' : ' | undefined'}`;

const object = (fields: string[]) =>
  fields.length > 0 ? `{ ${fields.join('; ')} }` : 'Record<never, never>';

function typeOf(schema: Json): string {
  const { $ref, anyOf, type, pattern } = schema;
  if (schema.enum) return (schema.enum as unknown[]).map(literal).join(' | ');
  if (schema.const !== undefined) return literal(schema.const);
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1);
  if (Array.isArray(anyOf)) return anyOf.map(typeOf).join(' | ');
  if (Array.isArray(type)) return type.map((each) => typeOf({ ...schema, type: each })).join(' | ');
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean' || type === 'null') return type;
  if (type === 'array') return `(${typeOf((schema.items ?? {}) as Json)})[]`;
  if (type === 'object') return objectOf(schema);
  if (type !== 'string') return 'unknown';
  const prefix = /^\^([a-z]{3})_\[0-7\]/.exec(String(pattern))?.[1];
  return prefix ? `\`${prefix}_\${string}\`` : 'string';
}

function objectOf({ properties, required = [], additionalProperties }: Json): string {
  if (!properties) return `Record<string, ${typeOf((additionalProperties ?? {}) as Json)}>`;
  const fields = Object.entries(properties as Record<string, Json>).map(([name, schema]) =>
    toField({ name, required: (required as string[]).includes(name), schema }),
  );
  return object(fields);
}

const literal = (value: unknown) =>
  typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value);
