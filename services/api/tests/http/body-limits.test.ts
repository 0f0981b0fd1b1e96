import { expect, spyOn, test } from 'bun:test';
import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { post, withBodyLimit } from '../../route.ts';
import { routes } from '../../routes.ts';
import { createTestApi } from '../../testing/test-api.ts';

const config = {
  http: {
    publicUrl: 'https://desk.example',
    filesUrl: 'https://desk.example',
    corsOrigins: [],
    jsonLimitBytes: 10_485_760,
    clientAddress: { from: 'none' as const },
  },
};

const accept = defineAction({
  summary: 'Accept any payload',
  input: z.strictObject({ payload: z.unknown() }),
  output: z.object({ bytes: z.number() }),
  allow: 'anyone',
  run: async (_, { payload }) => ({ bytes: JSON.stringify(payload).length }),
});
const plain = post('/v1/things', accept);
const larger = withBodyLimit(20_000_000, post('/v1/larger', accept));
const large = withBodyLimit(8_000_000, post('/v1/large', accept));

/** Sends JSON in chunks; returns how many were read and how often JSON was parsed. */
async function send(path: string, body: string, hasLength = true) {
  let chunks = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = body.slice(chunks * 65_536, ++chunks * 65_536);
        if (chunk === '') controller.close();
        else controller.enqueue(new TextEncoder().encode(chunk));
      },
    },
    { highWaterMark: 0 },
  );
  const { app } = createTestApi([...routes, plain, large, larger], config);
  const headers = {
    'Content-Type': 'application/json',
    Authorization: 'Bearer owner',
    ...(hasLength && { 'Content-Length': String(body.length) }),
  };
  const parse = spyOn(JSON, 'parse');
  try {
    const response = await app.request(path, { method: 'POST', headers, body: stream });
    return { response, chunks, parsed: parse.mock.calls.length };
  } finally {
    parse.mockRestore();
  }
}

const pairs = (count: number) => Array.from({ length: count }, (_, i) => `"x${i}":1`);
const unknownKeys = `{${pairs(300_000).join(',')}}`;
const brackets = '['.repeat(5_000_000);

test.each([
  ['/v1/auth/login', unknownKeys],
  ['/v1/auth/login', brackets],
  ['/v1/auth/login', `{"a":"${'x'.repeat(17_000)}"}`],
  ['/v1/auth/register', unknownKeys],
  ['/v1/auth/refresh', brackets],
  ['/v1/invitations/accept', `{"a":"${'x'.repeat(17_000)}"}`],
  ['/v1/conversations', unknownKeys],
  ['/v1/conversations', brackets],
  ['/v1/events', `{"a":"${'x'.repeat(600_000)}"}`],
])('POST %s: a body over the limit is 413 before it is read', async (path, body) => {
  const { response, chunks, parsed } = await send(path, body);
  expect(response.status).toBe(413);
  expect(chunks).toBe(0);
  expect(parsed).toBe(0);
});

test('POST /v1/auth/login: reading stops at the limit without Content-Length', async () => {
  const { response, chunks, parsed } = await send('/v1/auth/login', brackets, false);
  expect(response.status).toBe(413);
  expect(chunks).toBeLessThan(5);
  expect(parsed).toBe(0);
});

test.each([
  ['70,000 fields', `{${pairs(35_000).join(',')}}`, 422],
  [
    'a quarter of a million levels',
    `{"payload":${'['.repeat(250_000)}${']'.repeat(250_000)}}`,
    400,
  ],
  ['only brackets', '['.repeat(500_000), 400],
])('POST /v1/large: %s within the limit are rejected without parsing', async (_, body, status) => {
  const { response, parsed } = await send('/v1/large', body);
  expect(response.status).toBe(status);
  expect(parsed).toBe(0);
});

test('routes without a limit of their own accept 64 KB, those for texts and events 512 KB', async () => {
  const body = (bytes: number) => `{"payload":"${'x'.repeat(bytes)}"}`;
  expect((await send('/v1/things', body(60_000))).response.status).toBe(200);
  const declared = routes.filter(({ bodyLimitBytes }) => bodyLimitBytes !== undefined);
  expect(declared.map(({ path, bodyLimitBytes }) => [path, bodyLimitBytes])).toEqual([
    ['/v1/conversations', 524_288],
    ['/v1/conversations/:id/messages/:messageId', 524_288],
    ['/v1/conversations/:id/messages', 524_288],
    ['/v1/events', 524_288],
  ]);
  for (const path of ['/v1/things', '/v1/webhooks']) {
    expect((await send(path, body(66_000))).response.status).toBe(413);
  }
});

test('withBodyLimit: raises the limit of a route, up to JSON_LIMIT_BYTES', async () => {
  const body = `{"payload":"${'x'.repeat(7_000_000)}"}`;
  expect((await send('/v1/large', body)).response.status).toBe(200);
  expect((await send('/v1/things', body)).response.status).toBe(413);
  const more = `{"payload":"${'x'.repeat(9_000_000)}"}`;
  expect((await send('/v1/large', more)).response.status).toBe(413);
  expect((await send('/v1/larger', more)).response.status).toBe(200);
  const tooMuch = `{"payload":"${'x'.repeat(10_500_000)}"}`;
  expect((await send('/v1/larger', tooMuch)).response.status).toBe(413);
});

test('POST /v1/things: brackets inside strings do not count as nesting', async () => {
  const body = JSON.stringify({ payload: `${'[,'.repeat(20_000)}\\"` });
  expect((await send('/v1/things', body)).response.status).toBe(200);
});

test('POST /v1/things: 1,000 unknown fields are reported as five and a count', async () => {
  const long = `"${'y'.repeat(1_000)}":1`;
  const { response } = await send(
    '/v1/things',
    `{${['"payload":1', long, ...pairs(1_000)].join(',')}}`,
  );
  expect(response.status).toBe(422);
  const { errors } = (await response.json()) as { errors: { path: string; message: string }[] };
  expect(errors.map(({ message }) => message)).toEqual([
    ...Array(5).fill('Unknown field'),
    '996 more unknown fields',
  ]);
  expect(errors.every(({ path }) => path.length <= 200)).toBe(true);
});
