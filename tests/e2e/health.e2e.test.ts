import { expect, test } from 'bun:test';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { until } from '../../shared/testing/until.ts';
import { call, isLocalStack, run } from './client.ts';

const expected: Record<string, string[]> = {
  api: ['postgres', 'valkey', 'storage', 'relay'],
  websocket: ['postgres', 'valkey', 'relay'],
  worker: ['postgres', 'valkey', 'storage', 'mail', 'relay'],
};

/** Checks of separate Valkey servers, if configured. */
const separateValkeys = ['cache', 'queue', 'sessions'];
const namesIn = ({ checks }: HealthReport) =>
  Object.keys(checks).filter((name) => !separateValkeys.includes(name));

test('GET /health through nginx lists every dependency with its latency', async () => {
  // Optional dependencies are checked every few seconds, and may still be reported as unavailable.
  const body = await until(
    async () => {
      const response = await call('GET', '/health');
      expect(response.status).toBe(200);
      return response.body.status === 'ok' ? response.body : undefined;
    },
    { timeoutMs: 20_000 },
  );
  expect(namesIn(body as HealthReport)).toEqual(expected.api ?? []);
  for (const { healthy, latencyMs } of Object.values((body as HealthReport).checks)) {
    expect(healthy).toBe(true);
    expect(latencyMs).toBeGreaterThan(0);
  }
});

// Only nginx is reachable in containers.
const reachable = isLocalStack ? run.services : [];
test.each(reachable)('GET /health of $name lists its dependencies', async ({ kind, url }) => {
  const report = (await (await fetch(`${url}/health`)).json()) as HealthReport;
  expect(namesIn(report)).toEqual(expected[kind] ?? []);
});

test.each(reachable)('GET /metrics of $name responds 404 through a proxy', async ({ url }) => {
  const headers = { 'X-Forwarded-For': '203.0.113.7' };
  expect((await fetch(`${url}/metrics`, { headers })).status).toBe(404);
  for (const path of ['/metrics', '/socket.io/../metrics', '/socket.io/metrics']) {
    const { status, body } = await call('GET', path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(body)).not.toContain('process_cpu');
  }
});

test.skipIf(!isLocalStack)(
  'GET /backlog on a worker returns the scaling metrics and is not reachable through nginx',
  async () => {
    const worker = run.services.find(({ kind }) => kind === 'worker');
    const { status, body } = await call('GET', `${worker?.url}/backlog`);
    expect(status).toBe(200);
    expect(body.desiredWorkers).toBeGreaterThanOrEqual(1);
    expect(body.queues['email-sending']).toEqual({
      waiting: expect.any(Number),
      active: expect.any(Number),
      oldestSeconds: expect.any(Number),
      isPaused: expect.any(Boolean),
    });
    expect(body.queues).not.toHaveProperty('ai-processing');
    expect(body.total).toEqual({ waiting: expect.any(Number), oldestSeconds: expect.any(Number) });
    expect((await call('GET', '/backlog')).status).toBe(404);
  },
);
