import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, testEnvironment, until } from '@insightdesk/shared/testing';
import { takePort } from '../../tools/stack/processes/ports.ts';
import { root } from '../../tools/verify/run.ts';
import { type KubernetesObject, renderOverlay, workloads } from './objects.ts';
import { applySecrets, environmentOf } from './pods.ts';

const objects = await renderOverlay('production');
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-pods-'));
// Commands call `bun`, which may be missing on the PATH of this machine.
const programs = join(directory, 'bin');
mkdirSync(programs);
symlinkSync(process.execPath, join(programs, 'bun'));
const started: Bun.Subprocess<'ignore', 'pipe', 'pipe'>[] = [];
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
  for (const child of started) child.kill();
  await Promise.all(started.map(({ exited }) => exited));
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
  const port = takePort();
  const command = (container.command as string[]).map((word) =>
    word === 'bun' ? process.execPath : word.replaceAll('/run/secrets', volume),
  );
  const child = Bun.spawn(command, {
    cwd: root,
    env: {
      ...environmentOf(workload, objects),
      PATH: `${programs}:${process.env.PATH}`,
      SECRETS_DIRECTORY: volume,
      PORT: `${port}`,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  started.push(child);
  return { child, container, pod: workload.spec.template.spec, url: `http://127.0.0.1:${port}` };
}

test('the migration job completes with its own login', async () => {
  const { child } = start('insightdesk-migrate');
  const [, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect([await child.exited, stderr]).toEqual([0, '']);
});

test.each(['api', 'websocket', 'worker'])(
  '%s starts, responds to its probes and stops in time',
  async (name) => {
    const { child, container, pod, url } = start(`insightdesk-${name}`);
    const request = (probe: { httpGet: { path: string } }) =>
      fetch(url + probe.httpGet.path).catch(() => undefined);
    await until(`readiness of ${name}`, async () => {
      if (child.exitCode !== null) throw new Error(await child.stdout.text());
      return (await request(container.readinessProbe))?.ok;
    });
    expect((await request(container.livenessProbe))?.status).toBe(200);
    expect((await request(container.startupProbe))?.status).toBe(200);
    child.kill('SIGTERM');
    expect(await child.exited).toBe(0);
    const lines = (await child.stdout.text()).trim().split('\n');
    const [first] = lines.map((line) => JSON.parse(line));
    expect(first).toMatchObject({ service: name, replica: `insightdesk-${name}-7d9f4c8b6-x2k4q` });
    expect(pod.containers).toHaveLength(1);
  },
);

test('KEDA finds its metrics at the configured locations', async () => {
  const { child, container, url } = start('insightdesk-worker');
  await until('readiness of the worker', async () => {
    if (child.exitCode !== null) throw new Error(await child.stdout.text());
    const path = container.readinessProbe.httpGet.path;
    return (await fetch(url + path).catch(() => undefined))?.ok;
  });
  for (const { metadata } of find('ScaledObject', 'insightdesk-worker').spec.triggers) {
    const response = await fetch(url + new URL(metadata.url).pathname);
    let value = (await response.json()) as unknown;
    for (const key of metadata.valueLocation.split('.')) {
      value = (value as Record<string, unknown>)[key];
    }
    expect(value).toBeNumber();
  }
});
