import { expect, test } from 'bun:test';
import type { HealthReport } from '@insightdesk/shared/monitoring';
import { until } from '../../shared/testing/until.ts';
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

test('GET /health through nginx lists every dependency with its latency', async () => {
  // What is not required is asked every few seconds, and may have been away a moment ago.
  const body = await until(
    async () => {
      const answer = await call('GET', '/health');
      expect(answer.status).toBe(200);
      return answer.body.status === 'ok' ? answer.body : undefined;
    },
    { timeoutMs: 20_000 },
  );
  expect(namesIn(body as HealthReport)).toEqual(wanted.api ?? []);
  for (const { healthy, latencyMs } of Object.values((body as HealthReport).checks)) {
    expect(healthy).toBe(true);
    expect(latencyMs).toBeGreaterThan(0);
  }
});

// In containers nothing but nginx can be reached.
const reachable = isLocalStack ? run.services : [];
test.each(reachable)('GET /health of $name lists its dependencies', async ({ kind, url }) => {
  const report = (await (await fetch(`${url}/health`)).json()) as HealthReport;
  expect(namesIn(report)).toEqual(wanted[kind] ?? []);
});
