import { expect, test } from 'bun:test';
import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { get } from './route.ts';
import { openTestApi } from './testing/test-api.ts';

const repeat = defineAction({
  summary: 'Repeat a letter',
  input: z.strictObject({ times: z.coerce.number() }),
  output: z.object({ text: z.string() }),
  allow: 'anyone',
  run: async (_, { times }) => ({ text: 'x'.repeat(times) }),
});

const whoami = defineAction({
  summary: 'Tell where a call comes from',
  input: z.strictObject({}),
  output: z.object({ ip: z.string().optional(), userAgent: z.string().optional() }),
  allow: 'anyone',
  run: async ({ ip, userAgent }) => ({ ip, userAgent }),
});

const routes = [get('/repeat', repeat), get('/whoami', whoami)];
const zipped = { headers: { 'Accept-Encoding': 'gzip' } };

test('a large answer is compressed for those who can read it', async () => {
  const { ask } = openTestApi(routes);
  const large = await ask('GET', '/repeat?times=5000', zipped);
  expect(large.headers.get('Content-Encoding')).toBe('gzip');
  const unzipped = new TextDecoder().decode(Bun.gunzipSync(await large.arrayBuffer()));
  expect(JSON.parse(unzipped).text).toHaveLength(5_000);
  const plain = await ask('GET', '/repeat?times=5000');
  expect(plain.headers.get('Content-Encoding')).toBeNull();
  expect(plain.headers.get('Vary')).toContain('Accept-Encoding');
});

test('a small one is not worth it', async () => {
  const response = await openTestApi(routes).ask('GET', '/repeat?times=500', zipped);
  expect(response.headers.get('Content-Encoding')).toBeNull();
});

test('the limit per address comes before the route and spares health', async () => {
  const rateLimit = { windowMs: 60_000, maxRequests: 1 };
  const { app, lines } = openTestApi(routes, { rateLimit });
  const from = (path: string, forwardedFor: string) =>
    app.request(path, { headers: { 'X-Forwarded-For': forwardedFor } }, proxy);
  const proxy = { requestIP: () => ({ address: '127.0.0.1' }) };
  expect((await from('/repeat?times=1', '203.0.113.1')).status).toBe(200);
  const refused = await from('/repeat?times=1', '203.0.113.1');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('Retry-After')).toBe('60');
  expect((await from('/repeat?times=1', '203.0.113.2')).status).toBe(200);
  expect((await from('/health', '203.0.113.1')).status).toBe(200);
  expect(lines.map(({ route, status }) => `${status} ${route}`)).toEqual([
    '200 /repeat',
    '429 /repeat',
    '200 /repeat',
  ]);
});

test('an action knows address and agent of its caller', async () => {
  const { app } = openTestApi(routes);
  const headers = { 'User-Agent': 'curl', 'X-Forwarded-For': '203.0.113.7' };
  const server = { requestIP: () => ({ address: '127.0.0.1' }) };
  const response = await app.request('/whoami', { headers }, server);
  expect(await response.json()).toEqual({ ip: '203.0.113.7', userAgent: 'curl' });
});

test('figures count by pattern, not by address', async () => {
  const { ask } = openTestApi(routes);
  await ask('GET', '/repeat?times=1');
  const figures = await (await ask('GET', '/metrics')).text();
  expect(figures).toMatch(/http_request_duration_seconds_count{.*route="\/repeat".*} 1/);
});

test('overload is answered with 503 and when to come back; health and figures are spared', async () => {
  const load = { isShedding: true };
  const { ask } = openTestApi(routes, {}, { load });
  const refused = await ask('GET', '/repeat?times=1');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('Retry-After')).toBe('2');
  expect(refused.headers.get('Content-Type')).toBe('application/problem+json');
  expect(await refused.json()).toMatchObject({ code: 'OVERLOADED' });
  for (const path of ['/health', '/health/live', '/health/ready', '/metrics']) {
    expect((await ask('GET', path)).status).toBe(200);
  }
  load.isShedding = false;
  expect((await ask('GET', '/repeat?times=1')).status).toBe(200);
});
