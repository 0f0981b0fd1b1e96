import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startTcpServer } from '../../shared/testing/tcp-server.ts';
import { until } from '../../shared/testing/until.ts';
import { createPidFiles } from '../../tools/stack/processes/pid-files.ts';
import { takePort } from '../../tools/stack/processes/ports.ts';
import { createSupervisor } from '../../tools/stack/processes/supervisor.ts';
import { respondsOk } from '../../tools/stack/servers/http.ts';
import { requireAlertmanager } from '../../tools/test-servers/fetch-alertmanager.ts';
import { requirePrometheus } from '../../tools/test-servers/fetch-prometheus.ts';
import { createPrometheus } from '../../tools/test-servers/prometheus.ts';
import { root } from '../../tools/verify/run.ts';

const START_MS = 240_000;
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-alerting-'));
const secrets = join(directory, 'secrets');
const supervisor = createSupervisor({
  pidFiles: createPidFiles(join(directory, 'processes')),
  onLine: () => {},
});

/** Alerts by the path of the webhook that received them. */
const received: { path: string; alert: string; status: string }[] = [];
const receiver = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const { alerts } = (await request.json()) as {
      alerts: { status: string; labels: Record<string, string> }[];
    };
    const { pathname: path } = new URL(request.url);
    for (const { status, labels } of alerts)
      received.push({ path, alert: labels.alertname ?? '', status });
    return new Response();
  },
});

/** A mail server that accepts everything; `mails` has the whole conversation of each connection. */
const mails: string[] = [];
const mailServer = await startTcpServer((socket) => {
  const index = mails.push('') - 1;
  let inMessage = false;
  socket.write('220 ready\r\n');
  socket.on('data', (bytes) => {
    const text = bytes.toString();
    mails[index] += text;
    if (inMessage) {
      if (!/(^|\r\n)\.\r\n$/.test(text)) return;
      inMessage = false;
      socket.write('250 ok\r\n');
    } else if (/^DATA/i.test(text)) {
      inMessage = true;
      socket.write('354 go on\r\n');
    } else socket.write('250 ok\r\n');
  });
});

let broken = 0;
/** Stands for a worker whose metrics show what the alerts look for. */
const worker = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: () =>
    new Response(
      [
        `audit_verifications_total{outcome="broken"} ${broken}`,
        `secret_accesses_total{secret="SMTP_PASSWORD",outcome="denied"} ${broken}`,
        '',
      ].join('\n'),
      { headers: { 'Content-Type': 'text/plain; version=0.0.4' } },
    ),
});

let prometheusUrl = '';

beforeAll(async () => {
  const [alertmanager, programs] = await Promise.all([
    requireAlertmanager(() => {}),
    requirePrometheus(() => {}),
  ]);
  mkdirSync(secrets);
  const urls = {
    ALERT_WEBHOOK_URL: 'all',
    ALERT_CRITICAL_WEBHOOK_URL: 'critical',
    ALERT_WATCHDOG_URL: 'watchdog',
  };
  for (const [name, path] of Object.entries(urls))
    writeFileSync(join(secrets, name), `http://127.0.0.1:${receiver.port}/${path}\n`);
  const address = `127.0.0.1:${takePort()}`;
  await supervisor.start({
    name: 'alertmanager',
    command: [
      'sh',
      join(root, 'deploy/observability/alertmanager.sh'),
      `--storage.path=${join(directory, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ],
    directory: dirname(alertmanager),
    env: {
      ALERTMANAGER: alertmanager,
      CONFIG: join(directory, 'alertmanager.yml'),
      SECRETS_DIRECTORY: secrets,
      ALERT_GROUP_WAIT: '1s',
      ALERT_EMAIL: 'operators@example.com',
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: `${mailServer.port}`,
      SMTP_FROM: 'Desk <desk@example.com>',
    },
    isReady: () => respondsOk(`http://${address}/-/ready`),
  });
  const prometheus = createPrometheus({
    program: programs.prometheus,
    directory: join(directory, 'prometheus'),
    port: takePort(),
    configuration: join(root, 'deploy/observability'),
    targets: { worker: [`127.0.0.1:${worker.port}`] },
    intervalSeconds: 1,
    alertmanager: address,
  });
  prometheusUrl = prometheus.url;
  await supervisor.start(prometheus.spec);
}, START_MS);

afterAll(async () => {
  await supervisor.stop('prometheus', 'alertmanager');
  await Promise.all([receiver.stop(true), worker.stop(true), mailServer.close()]);
  rmSync(directory, { recursive: true, force: true });
});

const pathsOf = (alert: string) =>
  new Set(received.filter((one) => one.alert === alert).map(({ path }) => path));

test("the Watchdog reaches the dead man's switch only", async () => {
  await until(() => pathsOf('Watchdog').size, { atLeast: 1 });
  expect(pathsOf('Watchdog')).toEqual(new Set(['/watchdog']));
});

test('a critical alert reaches pager, webhook and email, a warning webhook and email', async () => {
  const scraped = `${prometheusUrl}/api/v1/query?query=audit_verifications_total`;
  await until('the first scrape', async () =>
    (await (await fetch(scraped)).text()).includes('broken'),
  );
  broken = 1;
  await until(() => pathsOf('AuditChainBroken').size, { atLeast: 2 });
  await until(() => pathsOf('SecretAccessDenied').size, { atLeast: 1 });
  expect(pathsOf('AuditChainBroken')).toEqual(new Set(['/all', '/critical']));
  expect(pathsOf('SecretAccessDenied')).toEqual(new Set(['/all']));
  await until(() => {
    const all = mails.join('\n');
    return ['AuditChainBroken', 'SecretAccessDenied'].every((name) => all.includes(name));
  });
  expect(mails.join('\n')).toContain('RCPT TO:<operators@example.com>');
  expect(mails.join('\n')).not.toContain('Watchdog');
});
