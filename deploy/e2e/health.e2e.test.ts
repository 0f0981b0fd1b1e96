import { expect, test } from 'bun:test';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { call, run } from './client.ts';

const wanted: Record<string, string[]> = {
  api: ['postgres', 'valkey', 'storage'],
  websocket: ['postgres', 'valkey'],
  worker: ['postgres', 'valkey', 'storage', 'mail'],
};

test('through nginx every dependency of the API is named, with its latency', async () => {
  const { status, body } = await call('GET', '/health');
  expect(status).toBe(200);
  expect(body.status).toBe('ok');
  expect(Object.keys(body.checks)).toEqual(wanted.api ?? []);
  for (const { healthy, latencyMs } of Object.values((body as HealthReport).checks)) {
    expect(healthy).toBe(true);
    expect(latencyMs).toBeGreaterThan(0);
  }
});

test.each(run.services)('$name names what it depends on', async ({ kind, url }) => {
  const report = (await (await fetch(`${url}/health`)).json()) as HealthReport;
  expect(Object.keys(report.checks)).toEqual(wanted[kind] ?? []);
});
