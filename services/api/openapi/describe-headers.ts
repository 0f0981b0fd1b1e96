import type { Protocol, Route } from '../route.ts';
import type { Json, Schemas } from './schemas.ts';

/** Headers that a route understands besides what all do. */
export function headersOf(route: Route, schemas: Schemas): Json[] {
  const { method, hasVersion, looksAtVersion, protocol } = route;
  if (protocol) return headersAsked(protocol, schemas);
  const header = (name: string, description: string, schema: Json = { type: 'string' }) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema,
  });
  if (method === 'GET') {
    return hasVersion ? [header('If-None-Match', 'Answers 304 while the ETag is the same')] : [];
  }
  const key = { type: 'string', minLength: 1, maxLength: 255 };
  return [
    header('Idempotency-Key', 'Done once, and answered the same, for 24 hours', key),
    ...(looksAtVersion
      ? [header('If-Match', 'Answers 412 unless the ETag is still this one')]
      : []),
  ];
}

/** Headers that its good answers carry besides those that all do. */
export function answerHeadersOf(route: Route): Json | undefined {
  const { method, hasVersion, deprecation, protocol } = route;
  const header = (description: string) => ({ description, schema: { type: 'string' } });
  const headers = {
    ...(hasVersion && { ETag: header('The state that is shown') }),
    ...(method !== 'GET' &&
      !protocol && { 'Idempotency-Replayed': header('`true` when it was done before') }),
    ...(protocol &&
      Object.fromEntries(
        Object.entries(protocol.tells).map(([name, says]) => [name, header(says)]),
      )),
    ...(deprecation && {
      Deprecation: header('Since when it should not be used, as RFC 9745 says'),
      ...(deprecation.sunset && { Sunset: header('When it stops to answer') }),
      ...(deprecation.successor && { Link: header('What is to be used instead') }),
    }),
  };
  return Object.keys(headers).length > 0 ? headers : undefined;
}

function headersAsked({ asks }: Protocol, schemas: Schemas): Json[] {
  const { properties = {}, required = [] } = schemas.of(asks) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'header',
    required: required.includes(name),
    description,
    schema,
  }));
}
