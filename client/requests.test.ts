import { afterAll, expect, test } from 'bun:test';
import { createClient } from './create-client.ts';
import { NetworkError, ProblemError } from './errors.ts';
import type { Tokens } from './tokens.ts';

const problem = (status: number, code: string, headers = {}) =>
  Response.json(
    { type: 'about:blank', title: '', status, code, detail: code, requestId: 'r' },
    { status, headers: { 'Content-Type': 'application/problem+json', ...headers } },
  );

const stops: (() => unknown)[] = [];
afterAll(() => stops.forEach((stop) => void stop()));

/** Starts a server with given responses; access tokens are `access-<n>`, only the newest is valid. */
function serve(respond: (request: Request) => Response | Promise<Response>) {
  const state = { generation: 0, refreshes: 0, isRefused: false };
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === '/v1/auth/refresh') {
        state.refreshes++;
        await Bun.sleep(20);
        if (state.isRefused) return problem(401, 'TOKEN_REUSED');
        state.generation++;
        return Response.json({ ...pair(), expiresIn: 900 });
      }
      if (request.headers.get('Authorization') !== `Bearer ${pair().accessToken}`) {
        return problem(401, 'TOKEN_EXPIRED');
      }
      return respond(request);
    },
  });
  stops.push(() => server.stop(true));
  const pair = () => ({
    accessToken: `access-${state.generation}`,
    refreshToken: `refresh-${state.generation}`,
  });
  const changes: (Tokens | undefined)[] = [];
  const client = createClient({
    url: `${server.url}`,
    tokens: { accessToken: 'access-old', refreshToken: 'refresh-old' },
    onTokensChange: (tokens) => changes.push(tokens),
  });
  return { client, state, changes };
}

test('request: concurrent calls with a stale token share one refresh, and onTokensChange is called', async () => {
  const { client, state, changes } = serve(() => Response.json({ items: [], nextCursor: null }));
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.conversations.list()));
  expect(answers).toHaveLength(20);
  expect(state.refreshes).toBe(1);
  expect(changes).toHaveLength(1);
  expect(client.tokens).toMatchObject({ accessToken: 'access-1', refreshToken: 'refresh-1' });
  expect(client.tokens?.expiresAt).toBeGreaterThan(Date.now() + 890_000);
});

test('request: a 401 after the refresh is final', async () => {
  const { client, state } = serve(() => problem(401, 'SESSION_ENDED'));
  expect(await client.me().catch((error) => error.code)).toBe('SESSION_ENDED');
  expect(state.refreshes).toBe(1);
});

test.each([
  ['POST /v1/auth/passkeys/sign-in', {}],
  ['POST /v1/auth/oauth/exchange', {}],
  ['GET /v1/auth/oauth/{providerId}/start', { path: { providerId: 'idp_1' } }],
] as const)(
  'request: a refused %s has no token, and is neither refreshed nor repeated',
  async (route, input) => {
    const sent: [url: string, authorization: string | null][] = [];
    const client = createClient({
      url: 'http://desk.example',
      tokens: { accessToken: 'access', refreshToken: 'refresh' },
      fetch: async (url, { headers }) => {
        sent.push([new URL(url).pathname, new Headers(headers).get('Authorization')]);
        return problem(401, 'UNAUTHENTICATED');
      },
    });
    const error = await client.request(route, input as never).catch((reason) => reason);
    expect(error).toMatchObject({ status: 401 });
    expect(sent).toEqual([[expect.stringContaining('/v1/auth/'), null]]);
    expect(client.tokens).toMatchObject({ accessToken: 'access' });
  },
);

test('request: a refused refresh ends the session once', async () => {
  const { client, state, changes } = serve(() => Response.json({}));
  state.isRefused = true;
  const codes = await Promise.all([1, 2, 3].map(() => client.me().catch((error) => error.code)));
  expect(codes).toEqual(['TOKEN_REUSED', 'TOKEN_REUSED', 'TOKEN_REUSED']);
  expect(changes).toEqual([undefined]);
  expect(state.refreshes).toBe(1);
});

test('request: path, query and body are sent as the route requires', async () => {
  const { client } = serve(async (request) => {
    const { pathname, search } = new URL(request.url);
    return Response.json([request.method, pathname, search, await request.text()]);
  });
  const receivedBy = async (call: Promise<unknown>) => (await call) as unknown as string[];
  expect(await receivedBy(client.conversations.list({ q: 'a b', status: undefined }))).toEqual([
    ...['GET', '/v1/conversations', '?q=a+b', ''],
  ]);
  expect(await receivedBy(client.conversations.update('cnv_1/..', { status: 'closed' }))).toEqual([
    ...['PATCH', '/v1/conversations/cnv_1%2F..', '', '{"status":"closed"}'],
  ]);
  expect((await receivedBy(client.attachments.upload(new Blob(['x']), 'x.txt')))[3]).toContain(
    'x.txt',
  );
});

test('request: problems have their code, other failures a code of their status', async () => {
  const { client } = serve(({ url }) =>
    url.endsWith('/me') ? problem(403, 'FORBIDDEN') : new Response('<html>', { status: 502 }),
  );
  const forbidden = await client.me().catch((error) => error);
  expect(forbidden).toBeInstanceOf(ProblemError);
  expect(forbidden).toMatchObject({ status: 403, code: 'FORBIDDEN', problem: { requestId: 'r' } });
  expect(await client.conversations.list().catch((error) => error)).toMatchObject({
    status: 502,
    code: 'HTTP_502',
  });
});

test('request: without a response it rejects with NetworkError', async () => {
  const client = createClient({ url: 'http://127.0.0.1:9' });
  const error = await client.login({ email: 'a@b.c', password: 'x' }).catch((e) => e);
  expect(error).toBeInstanceOf(NetworkError);
});

test('send: a message is repeated until it is accepted, in order, with one clientMessageId', async () => {
  const received: { body: string; clientMessageId: string }[] = [];
  let refusals = 2;
  const { client } = serve(async (request) => {
    const draft = (await request.json()) as (typeof received)[number];
    received.push(draft);
    if (refusals-- > 0) return problem(503, 'UNAVAILABLE', { 'Retry-After': '0' });
    return Response.json({ id: 'msg_1', ...draft }, { status: 201 });
  });
  const sent = await Promise.all([
    client.send('cnv_1', { body: 'one' }),
    client.send('cnv_1', { body: 'two' }),
  ]);
  expect(sent.map(({ body }) => body)).toEqual(['one', 'two']);
  expect(received.map(({ body }) => body)).toEqual(['one', 'one', 'one', 'two']);
  expect(new Set(received.map(({ clientMessageId }) => clientMessageId)).size).toBe(2);
  expect(received[0]?.clientMessageId).toMatch(/^[0-9a-f]{32}$/);
});

test('request: a write with an unknown outcome is repeated with its idempotency key', async () => {
  const keys: (string | null)[] = [];
  const outcomes = [
    () => problem(502, 'BAD_GATEWAY', { 'Retry-After': '0' }),
    () => new Response('<html>', { status: 503, headers: { 'Retry-After': '0' } }),
    () => problem(409, 'IDEMPOTENCY_IN_FLIGHT', { 'Retry-After': '0' }),
    () => Response.json({ id: 'cnv_1' }, { status: 201 }),
  ];
  const { client } = serve(({ headers }) => {
    keys.push(headers.get('Idempotency-Key'));
    return (outcomes.shift() ?? (() => problem(500, 'INTERNAL')))();
  });
  const created = await client.conversations.create({ subject: 'Help', body: 'x' });
  expect(`${created.id}`).toBe('cnv_1');
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);

  // A failure of the API itself is not repeated; another call has another key.
  const failed = await client.conversations.create({ subject: 'a', body: 'b' }).catch((e) => e);
  expect(failed).toMatchObject({ code: 'INTERNAL' });
  expect(keys).toHaveLength(5);
  expect(new Set(keys).size).toBe(2);
});

test('request: a write is repeated four times at most, and a read never', async () => {
  let requests = 0;
  const { client } = serve(() => {
    requests++;
    return problem(503, 'UNAVAILABLE', { 'Retry-After': '0' });
  });
  const refusals = await Promise.allSettled([
    client.conversations.update('cnv_1', { status: 'closed' }),
    client.me(),
  ]);
  expect(refusals.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(requests).toBe(5);
});

test('request: a registration without a response is not repeated, because it ignores keys', async () => {
  let requests = 0;
  const fetch = async () => {
    requests++;
    throw new TypeError('connection closed');
  };
  const client = createClient({ url: 'http://127.0.0.1:1', fetch });
  const body = { email: 'a@example.com', password: 'p', name: 'A', organizationName: 'O' };
  const failed = await client.register(body).catch((error) => error);
  expect(failed).toBeInstanceOf(NetworkError);
  expect(requests).toBe(1);
});

test('request: a write with a broken connection is repeated with the same key', async () => {
  const keys = new Set<string | null>();
  let breaks = 2;
  const client = createClient({
    url: 'http://desk.example',
    tokens: { accessToken: 'access' },
    fetch: async (_, { headers }) => {
      keys.add(new Headers(headers).get('Idempotency-Key'));
      if (breaks-- > 0) throw new TypeError('The connection is closed');
      return Response.json({ id: 'cnv_1' });
    },
  });
  const updated = await client.conversations.update('cnv_1', { status: 'open' });
  expect(`${updated.id}`).toBe('cnv_1');
  expect([breaks, keys.size]).toEqual([-1, 1]);
});

test('send: a refused message rejects, and the next one is sent all the same', async () => {
  const { client } = serve(async (request) => {
    const draft = (await request.json()) as { body: string };
    return draft.body === 'bad' ? problem(422, 'VALIDATION_FAILED') : Response.json(draft);
  });
  const bad = client.send('cnv_1', { body: 'bad' }).catch((error) => error.code);
  const good = await client.send('cnv_1', { body: 'good', clientMessageId: 'mine' });
  expect(await bad).toBe('VALIDATION_FAILED');
  expect(good.clientMessageId).toBe('mine');
});

test('close: pending attempts end', async () => {
  const { client } = serve(() => problem(503, 'UNAVAILABLE'));
  const sending = client.send('cnv_1', { body: 'one' }).catch((error) => error.name);
  await Bun.sleep(50);
  client.close();
  expect(['ClientClosedError', 'AbortError', 'ProblemError']).toContain(await sending);
});
