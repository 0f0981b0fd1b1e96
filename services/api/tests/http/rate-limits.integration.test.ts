import { afterAll, beforeAll, expect, spyOn, test } from 'bun:test';
import { createRateLimitChecker, createRateLimits } from '@insightdesk/shared/http';
import { createTestTenant } from '@insightdesk/shared/testing';
import { createIntegrationApi } from '../../testing/integration-api.ts';

// A long timeout: slow tests must not count as an unavailable Valkey.
const rateLimit = { windowMs: 60_000, maxRequests: 5, timeoutMs: 10_000 };
const api = createIntegrationApi(rateLimit);
const replica = createIntegrationApi(rateLimit);
beforeAll(() => Promise.all([api, replica].map(({ options }) => options.valkey?.ping())));
afterAll(() => Promise.all([api.close(), replica.close()]));

/** A random address of the documentation network, unused by other tests. */
const newAddress = () => `2001:db8:${randomGroup()}:${randomGroup()}::1`;
const randomGroup = () => Math.floor(Math.random() * 0xffff).toString(16);

const from = (app: typeof api.app, address: string) =>
  app.request('/openapi.json', {}, { requestIP: () => ({ address }) });

test('rate limit: exact across replicas for concurrent requests', async () => {
  const address = newAddress();
  const apps = [api.app, replica.app];
  const requests = Array.from({ length: 12 }, (_, i) => from(apps[i % 2] ?? api.app, address));
  const statuses = (await Promise.all(requests)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(7);
  expect((await from(api.app, newAddress())).status).toBe(200);
});

test('rate limit: rejections of an address need no round trip to Valkey', async () => {
  const address = newAddress();
  for (let i = 0; i < 5; i++) await from(api.app, address);
  const before = await commandsOf(api);
  const refused = await from(api.app, address);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('RateLimit-Remaining')).toBe('0');
  expect((await commandsOf(api)) - before).toBe(1);
});

/** Commands sent by the Valkey connection of this API, including this one. */
async function commandsOf({ options }: typeof api) {
  const info = await options.valkey?.client('INFO');
  return Number(/tot-cmds=(\d+)/.exec(String(info))?.[1]);
}

test('rate limit: a user is counted across replicas and addresses', async () => {
  const { agent } = await api.createTenant();
  const request = (i: number) =>
    (i % 2 ? api : replica).app.request(
      '/v1/me',
      { headers: { Authorization: `Bearer ${agent}` } },
      { requestIP: () => ({ address: newAddress() }) },
    );
  const responses = await Promise.all(Array.from({ length: 20 }, (_, i) => request(i)));
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(15);
  const refused = responses.find(({ status }) => status === 429);
  expect(await refused?.json()).toMatchObject({ errors: [{ path: 'user' }] });
});

test('rate limit: all limits of a request are checked with one command', async () => {
  const { agent } = await api.createTenant();
  const options = { headers: { Authorization: `Bearer ${agent}` } };
  const from = { requestIP: () => ({ address: newAddress() }) };
  await api.app.request('/v1/conversations?q=lamp', options, from);
  const sent = spyOn(api.container.valkey, 'sendCommand');
  const searched = await api.app.request('/v1/conversations?q=lamp', options, from);
  expect(sent).toHaveBeenCalledTimes(1);
  sent.mockRestore();
  const policies = searched.headers.get('RateLimit-Policy') ?? '';
  expect([...policies.matchAll(/"(\w+)"/g)].map(([, name]) => name)).toEqual([
    ...['address', 'user', 'organization', 'search', 'searches'],
  ]);
});

test('rate limit: a request rejected by one limit does not count for the others', async () => {
  const limits = [api, replica].map(({ options }) =>
    createRateLimits({
      rules: [rule('all', 2), rule('once', 1)],
      valkey: options.valkey as never,
      timeoutMs: rateLimit.timeoutMs,
    }),
  );
  const caller = { user: newAddress() };
  for (let i = 0; i < 4; i++) await limits[i % 2]?.check('once', caller);
  const [result] = (await limits[0]?.check('all', caller)) ?? [];
  expect(result).toMatchObject({ allowed: true, remaining: 0 });
});

test("checkRateLimit: a feature's own limit is exact across replicas, with remaining uses and reset", async () => {
  const { tenantId } = await createTestTenant(api.context);
  const limit = { limit: 5, windowMs: 60_000, failMode: 'closed' } as const;
  const replicas = [api, replica].map(({ container }) =>
    createRateLimitChecker({ ...container.sessionValkey, timeoutMs: rateLimit.timeoutMs }),
  );
  const check = (n: number) => replicas[n % 2]?.('test-uses', `${tenantId}:a`, limit);
  const results = await Promise.all(Array.from({ length: 12 }, (_, n) => check(n)));
  expect(results.filter((result) => result?.allowed)).toHaveLength(5);
  const before = Date.now();
  const refused = await api.context.limits.checkRateLimit('test-uses', `${tenantId}:a`, limit);
  expect(refused).toMatchObject({ allowed: false, remaining: 0 });
  expect(refused.resetAt.getTime()).toBeGreaterThan(before);
  expect(refused.resetAt.getTime()).toBeLessThanOrEqual(before + 61_000);
  const other = await api.context.limits.checkRateLimit('test-uses', `${tenantId}:b`, limit);
  expect(other).toMatchObject({ allowed: true, remaining: 4 });
});

const rule = (requestClass: string, limit: number) =>
  ({
    name: `test-${requestClass}`,
    requestClass,
    countBy: 'user',
    limit,
    windowMs: 60_000,
    failMode: 'open',
  }) as const;

test('rate limit: bytes of writes are counted per organization, across replicas and users', async () => {
  // 16 MiB, as with few allowed requests.
  const limits = { ...rateLimit, maxRequests: 100 };
  const apis = [createIntegrationApi(limits), createIntegrationApi(limits)];
  const [own, other] = await Promise.all([api.createTenant(), api.createTenant()]);
  const body = JSON.stringify({ unknown: 'x'.repeat(250_000) });
  const write = (n: number, token: string) =>
    (apis[n % 2] as typeof api).app.request(
      '/v1/conversations',
      {
        method: 'POST',
        body,
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json',
          'Content-Length': String(body.length),
        },
      },
      { requestIP: () => ({ address: newAddress() }) },
    );
  const senders = [own.owner, own.agent, own.admin];
  const statuses: number[] = [];
  for (let n = 0; n < 70; n++) {
    const { status } = await write(n, senders[n % senders.length] as string);
    statuses.push(status);
  }
  // The write that reaches the limit is the last one allowed.
  expect(statuses.filter((status) => status !== 429)).toHaveLength(68);
  const refused = await write(0, own.owner);
  expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ errors: [{ path: 'write-bytes' }] });
  expect((await write(0, other.owner)).status).not.toBe(429);
  await Promise.all(apis.map((one) => one.close()));
});
