import fc from 'fast-check';
import type { Operation, Schema } from './document.ts';
import { sample, unknownId, validValues } from './values.ts';

/** A body and its headers. */
export interface MaliciousBody {
  raw: string | Uint8Array | undefined;
  headers: Record<string, string>;
}

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const oddText = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\u202eevil',
  '🙂'.repeat(500),
  'x'.repeat(70_000),
  'a'.repeat(5_000).concat('b'),
  '%',
  '%%%_\\',
  "' or 1=1 --",
  '../../../etc/passwd',
  '<script>alert(1)</script>',
  '{{7*7}}',
  '$(id)',
  'a@b',
  '-1',
  '1e400',
  'null',
  '[]',
  'cnv_00000000000000000000000000',
  '\r\nSet-Cookie: a=b',
);
const oddNumber = fc.constantFrom(
  ...[0, -0, -1, 1.5, 2 ** 31, 2 ** 31 - 1, 2 ** 53, 2 ** 63, -(2 ** 63), 1e308, 5e-324],
);
const odd = fc.oneof(
  oddText,
  oddNumber,
  fc.constantFrom(null, true, false, [], {}, [[]], [null], { a: { b: {} } }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.jsonValue({ maxDepth: 4 }),
);

/** A valid body with one invalid field. */
function withInvalidField(schema: Schema): fc.Arbitrary<unknown> {
  const names = Object.keys(schema.properties ?? {});
  if (schema.type !== 'object' || names.length === 0) return odd;
  return fc
    .tuple(
      validValues(schema),
      fc.constantFrom(...names, '__proto__', 'constructor', 'unknown'),
      odd,
    )
    .map(([good, name, value]) => ({ ...(good as object), [name]: value }));
}

/** A valid body without one of its fields. */
const withoutField = (schema: Schema): fc.Arbitrary<unknown> =>
  fc
    .tuple(validValues(schema), fc.constantFrom(...Object.keys(schema.properties ?? { none: {} })))
    .map(([good, name]) => ({ ...(good as object), [name]: undefined }));

const asJson = (value: unknown) => JSON.stringify(value) ?? 'null';

const rawBody: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  fc.constantFrom(
    '',
    '{',
    '}',
    'null',
    '1',
    '"a"',
    '[]',
    '{"a":1}{"b":2}',
    '{"a":1,"a":2}',
    '\ufeff{}',
    '{"__proto__":{"admin":true}}',
    `{"a":${'9'.repeat(400)}}`,
    deep(3_000),
    `{"a":${deep(3_000)}}`,
    '['.repeat(9_000),
  ),
  fc.constant(0).map(() => `{${Array.from({ length: 400 }, (_, i) => `"k${i}":${i}`).join(',')}}`),
  fc.uint8Array({ maxLength: 300 }),
);

const oddType = fc.constantFrom(
  'text/plain',
  'application/xml',
  'application/json; charset=utf-16',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  '',
);

/** A malicious or wrong body for this operation. */
export function createBody({ method, body, contentType }: Operation): MaliciousBody {
  const json = { 'content-type': 'application/json' };
  if (method === 'GET') return { raw: undefined, headers: {} };
  const schema = body ?? { type: 'object' };
  const random = Math.random();
  if (contentType && random < 0.5)
    return { raw: sample(rawBody), headers: { 'content-type': contentType } };
  if (random < 0.3) return { raw: asJson(sample(validValues(schema))), headers: json };
  if (random < 0.65) return { raw: asJson(sample(withInvalidField(schema))), headers: json };
  if (random < 0.8) return { raw: asJson(sample(withoutField(schema))), headers: json };
  if (random < 0.95) return { raw: sample(rawBody), headers: json };
  return { raw: sample(rawBody), headers: { 'content-type': sample(oddType) } };
}

const oddSegment = fc.oneof(
  fc.constantFrom(
    '0',
    '-1',
    'null',
    'undefined',
    '%20',
    '%2e%2e',
    '%2e%2e%2f',
    '%F0%9F%99%82',
    'a'.repeat(2_000),
    "'",
    '%27%20or%201%3D1',
    'cnv_8zzzzzzzzzzzzzzzzzzzzzzzzz',
    'CNV_01H2XCEJQTF2NBREXX3VQJHP41',
  ),
  fc.string({ maxLength: 40 }).map((text) => encodeURIComponent(text.toWellFormed()) || 'x'),
);

/** The path and query of a request; `idFor` returns real ids for path parameters. */
export function createPath(
  operation: Operation,
  idFor: (name: string) => string | undefined,
): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const random = Math.random();
    if (random < 0.6) return encodeURIComponent(idFor(name) ?? unknownId('cnv'));
    return random < 0.75 ? unknownId('cnv') : sample(oddSegment);
  });
  const query = new URLSearchParams();
  for (const { name, in: where, schema } of operation.parameters) {
    if (where !== 'query' || Math.random() < 0.5) continue;
    const value = Math.random() < 0.5 ? sample(validValues(schema)) : sample(oddText);
    query.append(name, textOf(value).slice(0, 3_000).toWellFormed());
    if (Math.random() < 0.05) query.append(name, 'again');
  }
  if (Math.random() < 0.05) query.append(sample(oddText).slice(0, 50).toWellFormed(), '1');
  return query.size > 0 ? `${path}?${query}` : path;
}

const oddHeaders = fc.constantFrom<Record<string, string>>(
  { 'idempotency-key': 'x'.repeat(2_000) },
  { 'idempotency-key': 'a b \\ "' },
  { 'if-match': '"0"' },
  { 'if-match': 'W/"garbage' },
  { 'if-none-match': '*' },
  { range: 'bytes=5-1' },
  { range: 'bytes=0-0,2-3,-1' },
  { 'accept-encoding': 'br;q=1, *;q=0' },
  { accept: 'text/html' },
  { origin: 'https://evil.example' },
  { cookie: 'a=b; __Host-session=1; ='.repeat(20) },
  { 'x-forwarded-for': '1.1.1.1, ::1, nonsense' },
  { 'x-request-id': '<b>' },
  { 'x-http-method-override': 'DELETE' },
  { 'content-encoding': 'gzip' },
);

/** Text that fetch accepts as a header value. */
const sendable = (value: unknown) =>
  textOf(value)
    .replace(/[^ -~]/g, '')
    .slice(0, 3_000);

/** Generated objects may have an invalid `toString`. */
const textOf = (value: unknown) =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

/** Mostly the headers of the operation, sometimes a malicious one. */
export function createHeaders({ parameters }: Operation): Record<string, string> {
  const headers: Record<string, string> = Math.random() < 0.15 ? sample(oddHeaders) : {};
  for (const { name, in: where, required, schema } of parameters) {
    if (where !== 'header' || Math.random() < (required ? 0.1 : 0.9)) continue;
    headers[name] = sendable(sample(Math.random() < 0.7 ? validValues(schema) : odd));
  }
  return headers;
}
