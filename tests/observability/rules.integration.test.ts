import { beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirePrometheus } from '../../tools/test-servers/fetch-prometheus.ts';
import { listAlerts, ruleFiles } from './alerts.ts';

const FETCH_MS = 120_000;
const rules = ruleFiles();
const tests = rules.map((path) =>
  join(
    import.meta.dir,
    '../../deploy/observability/rules/tests',
    `${/(\w+)\.yml$/.exec(path)?.[1]}.test.yml`,
  ),
);
let promtool: string;

beforeAll(async () => {
  ({ promtool } = await requirePrometheus(() => {}));
}, FETCH_MS);

async function run(...args: string[]) {
  const child = Bun.spawn([promtool, ...args], { stdout: 'pipe', stderr: 'pipe' });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, text: out + err };
}

test('promtool accepts the configuration and the rules', async () => {
  const { code, text } = await run(
    'check',
    'config',
    join(import.meta.dir, '../../deploy/observability/prometheus.yml'),
  );
  expect(text).toContain(`${rules.length} rule files found`);
  expect({ code, text }).toMatchObject({ code: 0 });
});

test('each alert fires when it should and not before', async () => {
  const { code, text } = await run('test', 'rules', ...tests);
  expect({ code, text }).toMatchObject({ code: 0 });
  const output = tests.map((path) => readFileSync(path, 'utf8')).join('\n');
  for (const { alert } of listAlerts()) {
    if (alert !== 'Watchdog') expect(output).toContain(`alertname: ${alert}, exp_alerts: [] }`);
    expect(output).toMatch(new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n +- exp_labels`));
  }
});
