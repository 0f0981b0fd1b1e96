import { expect, test } from 'bun:test';
import { readJsonObject } from './read-json-object.ts';

const type = 'application/json';

function read(
  body: ConstructorParameters<typeof Response>[0],
  contentType: string | null = type,
  limit = 1_000,
) {
  const request = new Request('http://x', { method: 'POST', body });
  request.headers.delete('Content-Type');
  if (contentType !== null) request.headers.set('Content-Type', contentType);
  return readJsonObject(request, limit);
}

/** A body without a Content-Length. */
const streamed = (...parts: string[]) => new Blob(parts).stream();

test.each([
  ['an object', '{"a":1}', type, { a: 1 }],
  ['with a charset', '{"a":"ä"}', 'application/json; charset=utf-8', { a: 'ä' }],
  ['a kind of JSON', '{}', 'application/merge-patch+json', {}],
  ['an empty body', null, null, {}],
  ['an empty body with a JSON type', '', type, {}],
])('readJsonObject: %s is read', async (_, body, contentType, expected) => {
  expect(await read(body, contentType)).toEqual(expected);
});

test.each([
  ['an incomplete object', '{"a":', type, 400, 'MALFORMED_JSON'],
  ['five million brackets', '['.repeat(5e6), type, 413, 'PAYLOAD_TOO_LARGE'],
  ['text', 'a=1', 'text/plain', 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a form', 'a=1', 'application/x-www-form-urlencoded', 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['JSON without a content type', '{}', null, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a similar content type', '{}', 'application/jsonp', 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a list', '[]', type, 422, 'VALIDATION_FAILED'],
  ['null', 'null', type, 422, 'VALIDATION_FAILED'],
  ['a number', '1', type, 422, 'VALIDATION_FAILED'],
])('readJsonObject: %s is refused', async (_, body, contentType, status, code) => {
  await expect(read(body, contentType)).rejects.toMatchObject({ status, code });
});

test('readJsonObject: a deeply nested document is refused with 400', async () => {
  await expect(read('['.repeat(5e6), type, 1e7)).rejects.toMatchObject({ status: 400 });
});

test('readJsonObject: a body without a Content-Length is limited while it is read', async () => {
  expect(await read(streamed('{"a":', '1}'))).toEqual({ a: 1 });
  const tooMuch = read(streamed('"', 'x'.repeat(2_000), '"'));
  await expect(tooMuch).rejects.toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
});

test('readJsonObject: an incomplete body is refused with 400', async () => {
  const broken = new ReadableStream({ pull: (c) => c.error(new Error('connection closed')) });
  await expect(read(broken)).rejects.toMatchObject({ status: 400, code: 'BODY_INCOMPLETE' });
});

test('readJsonObject: __proto__ is a plain field', async () => {
  const value = await read('{"__proto__":{"admin":true}}');
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect(Reflect.get({ ...value }, 'admin')).toBeUndefined();
});
