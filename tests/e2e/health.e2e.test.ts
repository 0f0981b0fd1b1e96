import { expect, test } from 'bun:test';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { call, isLocalStack, run, until } from './client.ts';

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
  // What is not required is asked every few seconds, and may have been away a moment ago.
  const body = await until(async () => {
    const answer = await call('GET', '/health');
    expect(answer.status).toBe(200);
    return answer.body.status === 'ok' ? answer.body : undefined;
  }, 20_000);
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
