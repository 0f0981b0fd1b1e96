import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, testEnvironment } from '@insightdesk/shared/testing';
import { root } from '../../tools/verify/run.ts';
import { createServiceProcesses, untilServiceReady } from '../e2e/service-processes.ts';
import { type KubernetesObject, renderOverlay, workloads } from './objects.ts';
import { applySecrets, environmentOf } from './pods.ts';

const objects = await renderOverlay('production');
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-pods-'));
// Commands call `bun`, which may be missing on the PATH of this machine.
const programs = join(directory, 'bin');
mkdirSync(programs);
symlinkSync(process.execPath, join(programs, 'bun'));
const processes = createServiceProcesses(root);
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let secretsDirectory: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const valkey = Object.assign(new URL(testEnvironment.valkeyUrl), { pathname: '/11' });
  const { pathname } = new URL(database.url);
  const owner = Object.assign(new URL(testEnvironment.migrationUrl), { pathname });
  const secrets = await applySecrets(directory, {
    DATABASE_URL: database.url,
    DATABASE_MIGRATION_URL: owner.href,
    DATABASE_RELAY_URL: database.relayUrl,
    DATABASE_IDENTITY_URL: database.identityUrl,
    VALKEY_URL: valkey.href,
    JWT_SECRET: 'abcdefghijklmnopqrstuvwxyz0123456789',
    JWT_REFRESH_SECRET: '0123456789abcdefghijklmnopqrstuvwxyz',
    ENCRYPTION_KEY: 'z0123456789abcdefghijklmnopqrstuvwxy',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'key',
    SMTP_PASSWORD: 'mail',
  });
  expect(secrets.output).toBe('');
  secretsDirectory = secrets.applied;
});
afterAll(async () => {
  await processes.stop();
  await database.drop();
  rmSync(directory, { recursive: true });
});

function find(kind: string, name: string): KubernetesObject {
  const object = objects.find(
    (candidate) => candidate.kind === kind && candidate.metadata.name === name,
  );
  if (!object) throw new Error(`${kind} ${name} does not exist`);
  return object;
}

/** Runs the command of a container with its variables, on another port and with another directory of secrets. */
function start(name: string) {
  const workload = workloads(objects).find(({ metadata }) => metadata.name === name);
  if (!workload) throw new Error(`Workload ${name} does not exist`);
  const [container] = workload.spec.template.spec.containers;
  const volume = join(secretsDirectory, name);
  const command = (container.command as string[]).map((word) =>
    word === 'bun' ? process.execPath : word.replaceAll('/run/secrets', volume),
  );
  const env = {
    ...environmentOf(workload, objects),
    PATH: `${programs}:${process.env.PATH}`,
    SECRETS_DIRECTORY: volume,
  };
  const service = processes.start(env, { command });
  return { service, container, pod: workload.spec.template.spec };
}

test('the migration job completes with its own login', async () => {
  const { child } = start('insightdesk-migrate').service;
  const [, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect([await child.exited, stderr]).toEqual([0, '']);
});

test.each(['api', 'websocket', 'worker'])(
  '%s starts, responds to its probes and stops in time',
  async (name) => {
    const { service, container, pod } = start(`insightdesk-${name}`);
    const { child, url } = service;
    await untilServiceReady(service, container.readinessProbe.httpGet.path);
    for (const { httpGet } of [container.livenessProbe, container.startupProbe]) {
      expect((await fetch(url + httpGet.path)).status).toBe(200);
    }
    if (name === 'worker') await expectScalingMetrics(url);
    child.kill('SIGTERM');
    expect(await child.exited).toBe(0);
    const lines = (await child.stdout.text()).trim().split('\n');
    const [first] = lines.map((line) => JSON.parse(line));
    expect(first).toMatchObject({ service: name, replica: `insightdesk-${name}-7d9f4c8b6-x2k4q` });
    expect(pod.containers).toHaveLength(1);
  },
);

/** KEDA finds its metrics at the configured locations. */
async function expectScalingMetrics(url: string) {
  for (const { metadata } of find('ScaledObject', 'insightdesk-worker').spec.triggers) {
    const response = await fetch(url + new URL(metadata.url).pathname);
    let value = (await response.json()) as unknown;
    for (const key of metadata.valueLocation.split('.')) {
      value = (value as Record<string, unknown>)[key];
    }
    expect(value).toBeNumber();
  }
}
