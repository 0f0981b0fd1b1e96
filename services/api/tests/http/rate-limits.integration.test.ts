import { afterAll, beforeAll, expect, spyOn, test } from 'bun:test';
import { createRateLimits } from '@insightdesk/shared/http';
import { openWholeApi } from '../../testing/integration-api.ts';

/** A Valkey that is slow here is not away. */
const rateLimit = { windowMs: 60_000, maxRequests: 5, patienceMs: 10_000 };
const api = openWholeApi(rateLimit);
const replica = openWholeApi(rateLimit);
beforeAll(() => Promise.all([api, replica].map(({ options }) => options.valkey?.ping())));
afterAll(() => Promise.all([api.close(), replica.close()]));

/** An address of documentation's own, which no other run has. */
const nobody = () => `2001:db8:${randomGroup()}:${randomGroup()}::1`;
const randomGroup = () => Math.floor(Math.random() * 0xffff).toString(16);

const from = (app: typeof api.app, address: string) =>
  app.request('/openapi.json', {}, { requestIP: () => ({ address }) });

test('the limit is exact over replicas, also at once', async () => {
  const address = nobody();
  const apps = [api.app, replica.app];
  const asked = Array.from({ length: 12 }, (_, i) => from(apps[i % 2] ?? api.app, address));
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(7);
  expect((await from(api.app, nobody())).status).toBe(200);
});

test('an address that is used up costs no more round trips', async () => {
  const address = nobody();
  for (let i = 0; i < 5; i++) await from(api.app, address);
  const before = await commandsOf(api);
  const refused = await from(api.app, address);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('RateLimit-Remaining')).toBe('0');
  expect((await commandsOf(api)) - before).toBe(1);
});

/** How many commands this API's connection has sent, the question itself included. */
async function commandsOf({ options }: typeof api) {
  const about = await options.valkey?.client('INFO');
  return Number(/tot-cmds=(\d+)/.exec(String(about))?.[1]);
}

test('a person is one person on every replica and from every address', async () => {
  const { agent } = await api.openTenant();
  const ask = (i: number) =>
    (i % 2 ? api : replica).app.request(
      '/v1/me',
      { headers: { Authorization: `Bearer ${agent}` } },
      { requestIP: () => ({ address: nobody() }) },
    );
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(i)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(15);
  const refused = answers.find(({ status }) => status === 429);
  expect(await refused?.json()).toMatchObject({ errors: [{ path: 'user' }] });
});

test('an API key is counted by itself, on every replica', async () => {
  const { admin } = await api.openTenant();
  const body = { name: 'CRM', permissions: ['account:read'] };
  const made = await api.app.request(
    '/v1/api-keys',
    {
      method: 'POST',
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    },
    { requestIP: () => ({ address: nobody() }) },
  );
  const { secret } = (await made.json()) as { secret: string };
  const ask = (as: string, i: number) =>
    (i % 2 ? api : replica).app.request(
      '/v1/me',
      { headers: { Authorization: `Bearer ${as}` } },
      { requestIP: () => ({ address: nobody() }) },
    );
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(secret, i)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(15);
  expect(answers[0]?.headers.get('RateLimit-Policy')).toContain('"key";q=15;w=60');
  expect((await ask(admin, 0)).status).toBe(200);
});

test('all rows of a request are one command', async () => {
  const { agent } = await api.openTenant();
  const options = { headers: { Authorization: `Bearer ${agent}` } };
  const from = { requestIP: () => ({ address: nobody() }) };
  await api.app.request('/v1/conversations?q=lamp', options, from);
  const sent = spyOn(api.parts.valkey, 'sendCommand');
  const searched = await api.app.request('/v1/conversations?q=lamp', options, from);
  expect(sent).toHaveBeenCalledTimes(1);
  sent.mockRestore();
  const policies = searched.headers.get('RateLimit-Policy') ?? '';
  expect([...policies.matchAll(/"(\w+)"/g)].map(([, name]) => name)).toEqual([
    ...['address', 'user', 'organization', 'search', 'searches'],
  ]);
});

test('what one limit refuses, on any replica, is not taken from the others', async () => {
  const limits = [api, replica].map(({ options }) =>
    createRateLimits({
      rows: [row('all', 2), row('once', 1)],
      valkey: options.valkey as never,
      patienceMs: rateLimit.patienceMs,
    }),
  );
  const who = { user: nobody() };
  for (let i = 0; i < 4; i++) await limits[i % 2]?.check('once', who);
  const [rest] = (await limits[0]?.check('all', who)) ?? [];
  expect(rest).toMatchObject({ allowed: true, remaining: 0 });
});

const row = (of: string, limit: number) =>
  ({ name: `test-${of}`, of, by: 'user', limit, windowMs: 60_000, away: 'open' }) as const;

test('0 switches the limit off', async () => {
  const unlimited = openWholeApi();
  const response = await from(unlimited.app, nobody());
  await unlimited.close();
  expect(response.headers.get('RateLimit-Limit')).toBeNull();
});
