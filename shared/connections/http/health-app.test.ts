import { expect, test } from 'bun:test';
import { createHealthApp } from './health-app.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

type Status = 'ok' | 'degraded' | 'unavailable';

function open({ status = 'ok' as Status, isReady = true } = {}) {
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

test('healthy and started: yes to everything', async () => {
  const ask = open();
  const report = '{"status":"ok","checks":{"postgres":{"healthy":true,"latencyMs":1}}}';
  expect(await ask('/health')).toEqual({ status: 200, text: report });
  expect(await ask('/health/ready')).toEqual({ status: 200, text: report });
  expect(await ask('/health/live')).toEqual({ status: 200, text: '{"status":"ok","checks":{}}' });
});

test('a dependency is away: alive, but not ready', async () => {
  const ask = open({ status: 'unavailable' });
  expect((await ask('/health')).status).toBe(503);
  expect((await ask('/health/ready')).status).toBe(503);
  expect((await ask('/health/live')).status).toBe(200);
});

test('something is away that is not required: requests may come', async () => {
  const ask = open({ status: 'degraded' });
  expect((await ask('/health')).status).toBe(200);
  expect((await ask('/health/ready')).status).toBe(200);
});

test('starting or stopping: healthy, but not ready', async () => {
  const ask = open({ isReady: false });
  expect((await ask('/health')).status).toBe(200);
  expect((await ask('/health/ready')).status).toBe(503);
});

test('figures are for those who come directly', async () => {
  const ask = open();
  const direct = await ask('/metrics');
  expect(direct).toEqual({ status: 200, text: 'relay_leader 1' });
  expect((await ask('/metrics', { 'X-Forwarded-For': '203.0.113.1' })).status).toBe(404);
});
