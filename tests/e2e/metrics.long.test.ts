import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../shared/testing/until.ts';
import { createPidFiles } from '../../tools/stack/processes/pid-files.ts';
import { isFree } from '../../tools/stack/processes/ports.ts';
import { createSupervisor } from '../../tools/stack/processes/supervisor.ts';
import { requirePrometheus } from '../../tools/test-servers/fetch-prometheus.ts';
import { createPrometheus } from '../../tools/test-servers/prometheus.ts';
import { listAlerts } from '../observability/alerts.ts';
import { listDashboards } from '../observability/dashboards.ts';
import { listOperands } from '../observability/operands.ts';
import { call, createOrganization, isLocalStack, listen, run, upload } from './client.ts';
import { findValkeyPid } from './kill-targets.ts';

const START_MS = 180_000;
const configuration = join(import.meta.dir, '../../deploy/observability');
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-metrics-'));
const supervisor = createSupervisor({
  pidFiles: createPidFiles(join(directory, 'processes')),
  onLine: () => {},
});
// Only nginx is reachable in containers.
const services = isLocalStack ? run.services : [];
const kinds = ['api', 'websocket', 'worker'];
const targets = Object.fromEntries(
  kinds.map((kind) => [
    kind,
    services.filter((service) => service.kind === kind).map(({ url }) => new URL(url).host),
  ]),
);
let url = '';
let promtool = '';

interface Series {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

async function getJson<T = { result: Series[] }>(path: string): Promise<T> {
  const body = (await (await fetch(`${url}/api/v1/${path}`)).json()) as {
    data: T;
    error?: string;
  };
  if (body.error) throw new Error(body.error);
  return body.data;
}
const query = (text: string) =>
  getJson(`query?query=${encodeURIComponent(text.replaceAll('$__rate_interval', '1m'))}`);

/** Uses the product, so that every metric has data. */
async function generateTraffic() {
  const { owner, agent, customer } = await createOrganization();
  const listener = await listen(agent.token);
  await listener.subscribe(`private-organization-${owner.organizationId}`);
  await expect(listen('not a token')).rejects.toThrow();
  for (let n = 0; n < 5; n++) {
    const { body } = await call('POST', '/v1/conversations', {
      token: customer.token,
      body: { subject: `Question ${n}`, body: 'How?' },
    });
    await call('POST', `/v1/conversations/${body.id}/messages`, {
      token: agent.token,
      body: { body: 'So.' },
    });
    await call('GET', `/v1/conversations/${body.id}`, { token: agent.token });
  }
  await upload(agent.token, new Blob(['a note'], { type: 'text/plain' }), 'note.txt');
  await until(() => listener.events.length, { atLeast: 10 });
  return listener;
}

describe.skipIf(!isLocalStack)('Prometheus with the shipped rules and dashboards', () => {
  beforeAll(async () => {
    const programs = await requirePrometheus(() => {});
    promtool = programs.promtool;
    let port = 31_000 + Math.floor(Math.random() * 1_000);
    while (!(await isFree(port))) port++;
    const prometheus = createPrometheus({
      program: programs.prometheus,
      directory: join(directory, 'prometheus'),
      port,
      configuration,
      targets,
      intervalSeconds: 1,
    });
    url = prometheus.url;
    await supervisor.start(prometheus.spec);
    const areAllUp = async () =>
      (await query('sum(up)')).result[0]?.value[1] === String(all.length);
    const all = Object.values(targets).flat();
    await until(areAllUp, { timeoutMs: 60_000 });
    const listener = await generateTraffic();
    // A rate needs two scrapes; usage counters are written every 10 s.
    const expected = [
      'realtime_deliveries_total > 0',
      'rate(job_duration_seconds_count[1m])',
      'rate(realtime_rejections_total[1m])',
      ...['requests', 'events', 'jobs', 'socket-connections', 'stored-bytes', 'log-bytes'].map(
        (counter) => `organization_usage{counter="${counter}"}`,
      ),
    ];
    for (const expression of expected)
      await until(async () => (await query(expression)).result.length, {
        atLeast: 1,
        timeoutMs: 40_000,
      });
    listener.close();
  }, START_MS);
  afterAll(async () => {
    await supervisor.stop('prometheus');
    rmSync(directory, { recursive: true });
  });

  const queries = listDashboards().flatMap(({ panels, title }) =>
    panels.flatMap((panel) =>
      panel.targets.map(({ expr }) => ({ panel: `${title}, ${panel.title}`, expr })),
    ),
  );
  test.each(queries)('the dashboard query of $panel returns data: $expr', async ({ expr }) => {
    const { result } = await query(expr);
    expect(result.length).toBeGreaterThan(0);
  });

  test.each(listAlerts())('every operand of alert $alert returns data', async ({ expr }) => {
    for (const operand of listOperands(expr)) {
      const { result } = await query(operand);
      expect([operand, result.length > 0]).toEqual([operand, true]);
    }
  });

  test('Prometheus evaluates every rule, and a healthy stack fires no critical alert', async () => {
    const { groups } = await getJson<{
      groups: { rules: { name: string; health: string; state: string }[] }[];
    }>('rules');
    const rules = groups.flatMap((group) => group.rules);
    expect(rules).toHaveLength(listAlerts().length);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    const critical = ['ServiceDown', 'NoWorker', 'PostgresDown', 'ValkeyDown', 'RelayLeaderCount'];
    expect(
      rules.filter(({ name, state }) => critical.includes(name) && state === 'firing'),
    ).toEqual([]);
  });

  test('metrics are served while Valkey hangs and report it as unavailable', async () => {
    const pid = await findValkeyPid();
    const [worker] = targets.worker ?? [];
    const unavailable = /^dependency_healthy\{dependency="valkey".*\} 0$/m;
    const queueJobs = /^queue_jobs\{/m;
    const metricsIf = async (isExpected: (text: string) => boolean) => {
      const text = await (await fetch(`http://${worker}/metrics`)).text();
      return isExpected(text) && text;
    };
    process.kill(pid, 'SIGSTOP');
    try {
      // The first response may still contain the previous values.
      const text = await until(() =>
        metricsIf((metrics) => unavailable.test(metrics) && !queueJobs.test(metrics)),
      );
      expect(text).toMatch(/^dependency_healthy\{dependency="postgres".*\} 1$/m);
      expect(text).toMatch(/^relay_lag_seconds\{/m);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const text = await until(() => metricsIf((metrics) => queueJobs.test(metrics)));
    expect(text).toMatch(/^metrics_scrape_failures_total\{metric="queue_jobs".*\} [1-9]/m);
    await until(async () => (await fetch(`http://${worker}/health/ready`)).ok, {
      timeoutMs: 30_000,
    });
  });

  test.each(run.services)(
    'the metrics of $name pass promtool and stay below 20,000 lines',
    async (service) => {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      const lint = Bun.spawn([promtool, 'check', 'metrics'], {
        stdin: new Blob([text]),
        stdout: 'pipe',
        stderr: 'pipe',
      });
      const [out, err] = await Promise.all([lint.stdout.text(), lint.stderr.text()]);
      expect(out + err).toBe('');
      expect(await lint.exited).toBe(0);
      expect(text.split('\n').length).toBeLessThan(20_000);
      expect(text).not.toMatch(/@example\.com|Question \d/);
    },
  );
});
