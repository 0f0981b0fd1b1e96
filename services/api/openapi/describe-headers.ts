import type { Route } from '../route.ts';
import type { Json } from './schemas.ts';

/** Headers that a route understands besides what all do. */
export function headersOf({ method, hasVersion, looksAtVersion }: Route): Json[] {
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
export function answerHeadersOf({ method, hasVersion, deprecation }: Route): Json | undefined {
  const header = (description: string) => ({ description, schema: { type: 'string' } });
  const headers = {
    ...(hasVersion && { ETag: header('The state that is shown') }),
    ...(method !== 'GET' && { 'Idempotency-Replayed': header('`true` when it was done before') }),
    ...(deprecation && {
      Deprecation: header('Since when it should not be used, as RFC 9745 says'),
      ...(deprecation.sunset && { Sunset: header('When it stops to answer') }),
      ...(deprecation.successor && { Link: header('What is to be used instead') }),
    }),
  };
  return Object.keys(headers).length > 0 ? headers : undefined;
}
