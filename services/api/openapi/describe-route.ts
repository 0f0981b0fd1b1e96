import { STATUS_CODES } from 'node:http';
import { bodyLimitBytes, classOf, rolesWithPermission } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { type Content, type Route, takesIdempotencyKey, takesQuery } from '../route.ts';
import { createExample, mediaExample } from './create-example.ts';
import { requestHeadersOf, responseHeadersOf } from './describe-headers.ts';
import { describeParameter } from './describe-parameter.ts';
import { problemRef } from './describe-problems.ts';
import type { Json, Schemas } from './schemas.ts';
import { describeOperation } from './sections/index.ts';

interface Field {
  name: string;
  in: 'path' | 'query' | 'body';
  required: boolean;
  schema: Json;
}

/** One operation: parameters, body, responses and errors. */
export function describeRoute(route: Route, schemas: Schemas): Json {
  const fields = fieldsOf(route, schemas);
  const parameters = [
    ...fields.filter((field) => field.in !== 'body').map(toParameter),
    ...requestHeadersOf(route, schemas),
  ];
  const requestBody = requestBodyOf(route, fields, schemas);
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: descriptionOf(route, requestBody !== undefined),
    tags: [tagOf(route)],
    ...(route.deprecation && { deprecated: true }),
    ...(route.allow === 'anyone'
      ? { security: route.identifiesCaller ? [{}, { bearer: [] }] : [] }
      : { 'x-permission': route.allow, 'x-roles': rolesWithPermission(route.allow) }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: { ...responsesOf(route, schemas), ...errorResponsesOf(route, fields) },
  };
}

const templateOf = ({ path }: Route) => path.replace(/:(\w+)/g, '{$1}');

/** The tag and the text of `sections/`. */
const textsOf = (route: Route) => describeOperation(`${route.method} ${templateOf(route)}`);

const tagOf = (route: Route) => textsOf(route)?.tag ?? route.path.split('/')[2] ?? '';

/** What it does, who may call it, and its limits. */
function descriptionOf(route: Route, hasBody: boolean): string {
  const { allow } = route;
  const requestClass = classOf(route);
  const access =
    allow === 'anyone'
      ? publicAccess(route)
      : `Requires the permission \`${allow}\`, which ${listRoles(rolesWithPermission(allow))} have.`;
  const limit = route.bodyLimitBytes ?? bodyLimitBytes[requestClass];
  const body = hasBody && !route.body ? ` The body may have ${limit / 1_024} KiB.` : '';
  const text = textsOf(route)?.text ?? `${route.summary}.`;
  return `${text}\n\n${access}${body} Rate limit class: \`${requestClass}\`.`;
}

const publicAccess = ({ identifiesCaller }: Route) =>
  identifiesCaller
    ? 'Public. With the access token of an anonymous visitor, the visitor becomes the customer.'
    : 'Public.';

const listRoles = (roles: readonly string[]) =>
  roles.length === 0 ? 'only custom roles' : roles.map((role) => `${role}s`).join(', ');

/** Such as `getConversationsById`, from method and path. */
function operationId({ method, path }: Route): string {
  const words =
    path
      .replace(/:/g, 'by-')
      .match(/[a-z]+/gi)
      ?.slice(1) ?? [];
  const capitals = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return method.toLowerCase() + capitals.join('');
}

function fieldsOf(route: Route, schemas: Schemas): Field[] {
  const { path, input } = route;
  const inPath = new Set([...path.matchAll(/:(\w+)/g)].map(([, name]) => name));
  const elsewhere = takesQuery(route) ? 'query' : 'body';
  const { properties = {}, required = [] } = schemas.of(input) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: inPath.has(name) ? 'path' : elsewhere,
    required: required.includes(name),
    schema,
  }));
}

function toParameter({ schema: { description, ...schema }, ...field }: Field): Json {
  const text = description ?? describeParameter(field.name, schema);
  return {
    ...field,
    ...(text !== undefined && { description: text }),
    schema,
    example: createExample(schema, { named: {} }, field.name),
  };
}

function requestBodyOf(route: Route, fields: Field[], schemas: Schemas): Json | undefined {
  if (route.body) {
    return { required: !route.body.isOptional, content: mediaContentOf(route.body, schemas) };
  }
  const bodyFields = fields.filter((field) => field.in === 'body');
  if (bodyFields.length === 0) return undefined;
  const required = bodyFields.filter((field) => field.required).map(({ name }) => name);
  const schema = {
    type: 'object',
    properties: Object.fromEntries(bodyFields.map(({ name, schema }) => [name, schema])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
  const own = textsOf(route)?.request;
  const named = schemas.named();
  const isComplete = own && required.length === 0;
  const rest = isComplete ? {} : createExample(schema, { named, isRequest: true });
  const example = { ...(rest as Json), ...own };
  return { required: required.length > 0, content: { 'application/json': { schema, example } } };
}

function responsesOf(route: Route, schemas: Schemas): Json {
  const { responses } = route;
  const headers = responseHeadersOf(route);
  const described = Object.entries(responses).map(([status, answer]) => {
    const content = answer && { content: contentOf(answer, schemas) };
    return [status, { description: STATUS_CODES[status], headers, ...content }];
  });
  return Object.fromEntries(described);
}

const contentOf = (answer: z.ZodType | Content, schemas: Schemas): Json =>
  answer instanceof z.ZodType
    ? { 'application/json': schemas.ofResponse(answer) }
    : mediaContentOf(answer, schemas);

function mediaContentOf({ contentType, schema }: Content, schemas: Schemas): Json {
  const example = mediaExample(contentType);
  return {
    [contentType]: { schema: schemas.of(schema), ...(example !== undefined && { example }) },
  };
}

function errorResponsesOf(route: Route, fields: Field[]): Json {
  const { allow, body, requiresIfMatch, protocol, errorStatuses = [] } = route;
  const hasBody = body || fields.some((field) => field.in === 'body');
  const statuses = [
    ...(protocol?.errorStatuses ?? [
      ...(hasBody ? [400, 413, 415] : []),
      ...(takesIdempotencyKey(route) ? [409] : []),
    ]),
    ...(allow === 'anyone' ? [] : [401, 403]),
    ...errorStatuses,
    ...(fields.some((field) => field.in === 'path') ? [404] : []),
    ...(requiresIfMatch ? [412] : []),
    ...([422, 429, 'default'] as const),
  ];
  return Object.fromEntries(statuses.map((status) => [status, problemRef(status)]));
}
