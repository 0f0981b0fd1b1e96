import { expect, test } from 'bun:test';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { call, isLocalStack, run } from './client.ts';

const wanted: Record<string, string[]> = {
  api: ['postgres', 'valkey', 'storage'],
  websocket: ['postgres', 'valkey'],
  worker: ['postgres', 'valkey', 'storage', 'mail'],
};

/** Valkeys are named where they have addresses of their own. */
const ownValkeys = ['cache', 'queue', 'sessions'];
const namesIn = ({ checks }: HealthReport) =>
  Object.keys(checks).filter((name) => !ownValkeys.includes(name));

test('through nginx every dependency of the API is named, with its latency', async () => {
  const { status, body } = await call('GET', '/health');
  expect(status).toBe(200);
  expect(body.status).toBe('ok');
  expect(namesIn(body as HealthReport)).toEqual(wanted.api ?? []);
  for (const { healthy, latencyMs } of Object.values((body as HealthReport).checks)) {
    expect(healthy).toBe(true);
    expect(latencyMs).toBeGreaterThan(0);
  }
});

// In containers nothing but nginx can be reached.
const reachable = isLocalStack ? run.services : [];
test.each(reachable)('$name names what it depends on', async ({ kind, url }) => {
  const report = (await (await fetch(`${url}/health`)).json()) as HealthReport;
  expect(namesIn(report)).toEqual(wanted[kind] ?? []);
});
