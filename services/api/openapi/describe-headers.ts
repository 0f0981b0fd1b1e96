import { type Protocol, type Route, takesIdempotencyKey } from '../route.ts';
import { createExample } from './create-example.ts';
import type { Json, Schemas } from './schemas.ts';

/** Headers of limited responses, for `components.headers`. */
export const rateLimitHeaders: Json = {
  RateLimit: {
    description: 'What is left of each limit: `"name";r=<requests>;t=<seconds until reset>`',
    schema: { type: 'string' },
    example: '"user";r=118;t=42',
  },
  'RateLimit-Policy': {
    description: 'The limits of this request: `"name";q=<requests>;w=<seconds>`',
    schema: { type: 'string' },
    example: '"user";q=120;w=60',
  },
  'Retry-After': {
    description: 'Seconds after which the request may be repeated',
    schema: { type: 'integer', minimum: 1 },
    example: 42,
  },
};

export const headerRefs = (names: readonly string[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** Request headers of a route, besides those of all routes. */
export function requestHeadersOf(route: Route, schemas: Schemas): Json[] {
  const { method, hasEtag, requiresIfMatch, protocol } = route;
  if (protocol) return protocolHeadersOf(protocol, schemas);
  const header = (name: string, description: string, schema: Json = { type: 'string' }) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema,
    example: createExample(schema, { named: {} }, name),
  });
  if (method === 'GET') {
    return hasEtag ? [header('If-None-Match', 'Responds 304 while the ETag matches')] : [];
  }
  const key = header(
    'Idempotency-Key',
    'A repeated request with the same key returns the first response, for 24 hours',
    { type: 'string', minLength: 1, maxLength: 255 },
  );
  return [
    ...(takesIdempotencyKey(route) ? [key] : []),
    ...(requiresIfMatch ? [header('If-Match', 'Responds 412 unless the ETag matches')] : []),
  ];
}

/** Headers of its successful responses, besides those of all routes. */
export function responseHeadersOf(route: Route): Json {
  const { hasEtag, deprecation, protocol } = route;
  const header = (description: string) => ({ description, schema: { type: 'string' } });
  return {
    ...headerRefs(['RateLimit', 'RateLimit-Policy']),
    ...(hasEtag && { ETag: header('Version of the resource') }),
    ...(takesIdempotencyKey(route) && {
      'Idempotency-Replayed': header('`true` for a stored response'),
    }),
    ...(protocol &&
      Object.fromEntries(
        Object.entries(protocol.responseHeaders).map(([name, text]) => [name, header(text)]),
      )),
    ...(deprecation && {
      Deprecation: header('Date of the deprecation (RFC 9745)'),
      ...(deprecation.sunset && { Sunset: header('Date of the removal') }),
      ...(deprecation.successor && { Link: header('The replacement') }),
    }),
  };
}

function protocolHeadersOf({ requestHeaders }: Protocol, schemas: Schemas): Json[] {
  const { properties = {}, required = [] } = schemas.of(requestHeaders) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'header',
    required: required.includes(name),
    description: description ?? 'Version of the protocol',
    schema,
    example: createExample(schema, { named: {} }, name),
  }));
}
