import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHealth } from '@insightdesk/shared/monitoring';
import { startErrorReceiver } from '@insightdesk/shared/sentry';
import { findClosedPort, startTcpServer, testEnvironment } from '@insightdesk/shared/testing';
import { startOtlpReceiver } from '@insightdesk/shared/tracing';
import { runCommand } from './run-command.ts';
import { testAllConnections } from './test-all-connections.ts';
import { watchDependencies } from './watch-dependencies.ts';

const closedPort = async () => String(await findClosedPort());

const testWith = (more: Record<string, string>, timeoutMs?: number) =>
  runCommand('desk', (app) => testAllConnections(app, timeoutMs ? { timeoutMs } : {}), {
    ...testEnvironment.variables,
    ...more,
  });

test('testAllConnections: every login, Valkey, mail and storage are tested and nothing is left behind', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'connections-'));
  try {
    const report = await testWith({ STORAGE_DIRECTORY: directory });
    expect(Object.keys(report).toSorted()).toEqual([
      'mail',
      'postgres',
      'postgres as identity',
      'postgres as owner',
      'postgres as relay',
      'storage',
      'valkey',
    ]);
    for (const { healthy, latencyMs, error } of Object.values(report)) {
      expect({ healthy, error }).toEqual({ healthy: true, error: undefined });
      expect(latencyMs).toBeGreaterThan(0);
    }
    const files = [...new Bun.Glob('**/*').scanSync({ cwd: directory, onlyFiles: true })];
    expect(files).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('testAllConnections: failures are reported with their reason and without passwords', async () => {
  const [port, silent] = [await closedPort(), await startTcpServer(() => {})];
  const wrong = Object.assign(new URL(testEnvironment.databaseUrl), { password: 'hunter22' });
  const report = await testWith(
    {
      DATABASE_RELAY_URL: wrong.href,
      VALKEY_CACHE_URL: `redis://:hunter33@127.0.0.1:${port}`,
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(silent.port),
      ANTIVIRUS_URL: `tcp://127.0.0.1:${port}`,
      ANTIVIRUS_MODE: 'fail-open',
      STORAGE_DIRECTORY: '/proc/nowhere',
    },
    1_500,
  );
  silent.close();
  const unhealthy = Object.keys(report).filter((name) => !report[name]?.healthy);
  expect(unhealthy.toSorted()).toEqual([
    'antivirus',
    'mail',
    'postgres as relay',
    'storage',
    'valkey for the cache',
  ]);
  expect(report['postgres as relay']?.error).toContain('password authentication failed');
  expect(report.postgres?.healthy).toBe(true);
  expect(JSON.stringify(report)).not.toContain('hunter');
});

test('testAllConnections: error tracker and trace collector receive no data', async () => {
  const [tracker, collector] = [startErrorReceiver(), startOtlpReceiver()];
  const testMonitoring = (dsn: string, endpoint: string) =>
    testWith({ SENTRY_DSN: dsn, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  try {
    const working = await testMonitoring(tracker.dsn, `${collector.url}/`);
    expect(working['error tracker']).toMatchObject({ healthy: true });
    expect(working['trace collector']).toMatchObject({ healthy: true });
    expect(tracker.received).toEqual([]);
    expect(collector.spans).toEqual([]);
    expect(collector.requests).toHaveLength(1);
    const closed = `http://127.0.0.1:${await closedPort()}`;
    const failing = await testMonitoring(tracker.dsn.replace('public@', 'unknown@'), closed);
    expect(failing['error tracker']).toMatchObject({
      healthy: false,
      error: 'The tracker responded with 403',
    });
    expect(failing['trace collector']).toMatchObject({ healthy: false });
  } finally {
    await Promise.all([tracker.stop(), collector.close()]);
  }
});

test('watchDependencies: a worker without its mail server is degraded', async () => {
  const more = { SMTP_HOST: '127.0.0.1', SMTP_PORT: await closedPort() };
  const report = await runCommand(
    'worker',
    (app) => {
      const health = createHealth();
      watchDependencies(health, app);
      return health.check();
    },
    { ...testEnvironment.variables, ...more },
  );
  expect(report).toMatchObject({
    status: 'degraded',
    checks: {
      postgres: { healthy: true },
      valkey: { healthy: true },
      storage: { healthy: true },
      mail: { healthy: false, error: 'unreachable' },
    },
  });
});

test('watchDependencies: an API, which has no login of the relay, reports whether the relay works', async () => {
  const { DATABASE_RELAY_URL: _, ...variables } = testEnvironment.variables;
  const report = await runCommand(
    'api',
    (app) => {
      const health = createHealth();
      watchDependencies(health, app);
      return health.check();
    },
    variables,
  );
  expect(report).toMatchObject({ status: 'ok', checks: { relay: { healthy: true } } });
});
