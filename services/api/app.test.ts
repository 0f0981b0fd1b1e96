import { expect, test } from 'bun:test';
import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { get } from './route.ts';
import { createTestApi } from './testing/test-api.ts';

const repeat = defineAction({
  summary: 'Repeat a character',
  input: z.strictObject({ times: z.coerce.number() }),
  output: z.object({ text: z.string() }),
  allow: 'anyone',
  run: async (_, { times }) => ({ text: 'x'.repeat(times) }),
});

const whoami = defineAction({
  summary: 'Get the address of the caller',
  input: z.strictObject({}),
  output: z.object({ ip: z.string().optional(), userAgent: z.string().optional() }),
  allow: 'anyone',
  run: async ({ ip, userAgent }) => ({ ip, userAgent }),
});

const routes = [get('/repeat', repeat), get('/whoami', whoami)];
const zipped = { headers: { 'Accept-Encoding': 'gzip' } };

test('GET /repeat: a large response is compressed when the client accepts gzip', async () => {
  const { request } = createTestApi(routes);
  const large = await request('GET', '/repeat?times=5000', zipped);
  expect(large.headers.get('Content-Encoding')).toBe('gzip');
  const unzipped = new TextDecoder().decode(Bun.gunzipSync(await large.arrayBuffer()));
  expect(JSON.parse(unzipped).text).toHaveLength(5_000);
  const plain = await request('GET', '/repeat?times=5000');
  expect(plain.headers.get('Content-Encoding')).toBeNull();
  expect(plain.headers.get('Vary')).toContain('Accept-Encoding');
  expect(plain.headers.get('RateLimit-Limit')).toBeNull();
});

test('GET /repeat: responses under 1 KB are not compressed', async () => {
  const response = await createTestApi(routes).request('GET', '/repeat?times=500', zipped);
  expect(response.headers.get('Content-Encoding')).toBeNull();
});

test('rate limit: applies per address before routing, but not to health checks', async () => {
  const rateLimit = { windowMs: 60_000, maxRequests: 1 };
  const { app, logLines } = createTestApi(routes, { rateLimit });
  const from = (path: string, forwardedFor: string) =>
    app.request(path, { headers: { 'X-Forwarded-For': forwardedFor } }, proxy);
  const proxy = { requestIP: () => ({ address: '127.0.0.1' }) };
  expect((await from('/repeat?times=1', '203.0.113.1')).status).toBe(200);
  const refused = await from('/repeat?times=1', '203.0.113.1');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('Retry-After')).toBe('60');
  expect((await from('/repeat?times=1', '203.0.113.2')).status).toBe(200);
  expect((await from('/health', '203.0.113.1')).status).toBe(200);
  expect(logLines.map(({ route, status }) => `${status} ${route}`)).toEqual([
    '200 /repeat',
    '429 /repeat',
    '200 /repeat',
  ]);
});

test('actions receive the address and user agent of the caller', async () => {
  const { app } = createTestApi(routes);
  const headers = { 'User-Agent': 'curl', 'X-Forwarded-For': '203.0.113.7' };
  const server = { requestIP: () => ({ address: '127.0.0.1' }) };
  const response = await app.request('/whoami', { headers }, server);
  expect(await response.json()).toEqual({ ip: '203.0.113.7', userAgent: 'curl' });
});

test('metrics are labelled with the route pattern, not with the path', async () => {
  const { request } = createTestApi(routes);
  await request('GET', '/repeat?times=1');
  const metrics = await (await request('GET', '/metrics')).text();
  expect(metrics).toMatch(/http_request_duration_seconds_count{.*route="\/repeat".*} 1/);
});

test('load shedding: 503 with Retry-After, except for health and metrics', async () => {
  const load = { isShedding: true };
  const { request } = createTestApi(routes, {}, { load });
  const refused = await request('GET', '/repeat?times=1');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('Retry-After')).toBe('2');
  expect(refused.headers.get('Content-Type')).toBe('application/problem+json');
  expect(await refused.json()).toMatchObject({ code: 'OVERLOADED' });
  for (const path of ['/health', '/health/live', '/health/ready', '/metrics']) {
    expect((await request('GET', path)).status).toBe(200);
  }
  load.isShedding = false;
  expect((await request('GET', '/repeat?times=1')).status).toBe(200);
});
