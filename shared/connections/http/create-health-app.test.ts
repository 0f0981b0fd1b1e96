import { expect, test } from 'bun:test';
import { createHealthApp } from './create-health-app.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

type Status = 'ok' | 'degraded' | 'unavailable';

function createApp({ status = 'ok' as Status, isReady = true } = {}) {
  const check = { healthy: status === 'ok', latencyMs: 1 };
  const health = {
    register() {},
    check: async () => ({ status, checks: { postgres: check } }),
  };
  const metrics = { contentType, metrics: async () => 'relay_leader 1' } as const;
  const app = createHealthApp({ health, metrics, isReady: () => isReady });
  return async (path: string, headers = {}) => {
    const response = await app.request(path, { headers });
    return { status: response.status, text: await response.text() };
  };
}

test('health: a healthy and started service responds 200 to all routes', async () => {
  const send = createApp();
  const report = '{"status":"ok","checks":{"postgres":{"healthy":true,"latencyMs":1}}}';
  expect(await send('/health')).toEqual({ status: 200, text: report });
  expect(await send('/health/ready')).toEqual({ status: 200, text: report });
  expect(await send('/health/live')).toEqual({ status: 200, text: '{"status":"ok","checks":{}}' });
});

test('health: without a required dependency the service is live but not ready', async () => {
  const send = createApp({ status: 'unavailable' });
  expect((await send('/health')).status).toBe(503);
  expect((await send('/health/ready')).status).toBe(503);
  expect((await send('/health/live')).status).toBe(200);
});

test('health: without an optional dependency the service is ready', async () => {
  const send = createApp({ status: 'degraded' });
  expect((await send('/health')).status).toBe(200);
  expect((await send('/health/ready')).status).toBe(200);
});

test('health: a starting or stopping service is healthy but not ready', async () => {
  const send = createApp({ isReady: false });
  expect((await send('/health')).status).toBe(200);
  expect((await send('/health/ready')).status).toBe(503);
});

test('GET /metrics: a forwarded request gets a 404', async () => {
  const send = createApp();
  const direct = await send('/metrics');
  expect(direct).toEqual({ status: 200, text: 'relay_leader 1' });
  expect((await send('/metrics', { 'X-Forwarded-For': '203.0.113.1' })).status).toBe(404);
});
