/**
 * Builds the images, starts all services of the compose file in a separate project, tests and removes them.
 * `check-containers.ts main` runs the main job only; `long` runs all end-to-end tests and profiles.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPorts, portsFrom } from '../../tools/stack/processes/ports.ts';
import { runBunTest } from '../../tools/test-runner/bun-test.ts';
import { TEST_TIMEOUT_MS } from '../../tools/test-runner/run-on-shards.ts';
import { root, run } from '../../tools/verify/run.ts';
import { checkCommands } from './check-commands.ts';
import { checkDevelopment } from './check-development.ts';
import { checkNetworkIsolation } from './check-network-isolation.ts';
import { checkReplacement } from './check-replacement.ts';
import { checkImages, checkRestrictions } from './check-restrictions.ts';
import { checkStandby } from './check-standby.ts';
import { type Engine, findEngine } from './engine.ts';

const ports = await findPorts(portsFrom(10_000 + 20 * Math.floor(Math.random() * 1000)));
const labels = { version: '1.2.3-check', revision: 'c0ffee' };
const env = {
  COMPOSE_PROJECT_NAME: `insightdesk-check-${process.pid}`,
  INSIGHTDESK_IMAGE: 'insightdesk-check',
  INSIGHTDESK_WORKER_IMAGE: 'insightdesk-check-worker',
  INSIGHTDESK_VERSION: labels.version,
  INSIGHTDESK_REVISION: labels.revision,
  // As in a clean clone after `cp .env.example .env`.
  COMPOSE_ENV_FILES: join(root, '.env.example'),
  NODE_ENV: 'test',
  HTTPS_PORT: `${ports.https}`,
  HTTP_PORT: `${ports.http}`,
  INBOX_PORT: `${ports.inbox}`,
  APP_URL: `https://localhost:${ports.https}`,
  RATE_LIMIT_MAX_REQUESTS: '0',
};
let passed = 0;
let failed = 0;
let skipped = 0;

async function step(name: string, work: () => Promise<unknown>): Promise<boolean> {
  const startedAt = performance.now();
  const failure = await Promise.try(work).then(
    () => undefined,
    (error) => error as Error,
  );
  if (failure) failed++;
  else passed++;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${failure ? 'FAIL' : 'ok  '} ${name.padEnd(20)} ${seconds} s`);
  if (failure) console.log(failure.message.replace(/^/gm, '     '));
  return !failure;
}

async function execute(command: string[], variables: Record<string, string> = {}): Promise<string> {
  const { stdout, output, exitCode } = await run(command, { env: { ...env, ...variables } });
  if (exitCode !== 0) throw new Error(`${command.join(' ')}\n${output.slice(-6000)}`);
  return stdout;
}

async function startAll({ compose, up }: Engine): Promise<void> {
  try {
    await execute([...up, '--wait-timeout', '180']);
  } catch (error) {
    const { output } = await run([...compose, 'logs', '--tail=25'], { env });
    throw new Error(`${(error as Error).message}\n${output}`);
  }
}

const replicas = ['api-1', 'api-2', 'websocket-1', 'websocket-2', 'worker'];

/** Without pids: no engine restarts a killed container at once. `checkReplacement` kills containers. */
const services = replicas.map((name) => ({ name, kind: name.replace(/-\d$/, '') }));

const isLong = process.argv[2] === 'long';
const mainJob = 'tests/e2e/main-job.e2e.test.ts';
const allTests = 'tests/e2e/*.e2e.test.ts';

async function testThrough({ compose }: Engine, folder: string, pattern: string): Promise<void> {
  const ca = join(folder, 'ca.pem');
  const inbox = `http://127.0.0.1:${ports.inbox}`;
  const runFile = join(folder, 'run.json');
  await Bun.write(runFile, JSON.stringify({ ready: true, url: env.APP_URL, ca, inbox, services }));
  const files = [...new Bun.Glob(pattern).scanSync(root)].sort();
  const lines: string[] = [];
  const tests = await runBunTest(files, {
    env: { INSIGHTDESK_RUN: runFile },
    flags: [`--timeout=${TEST_TIMEOUT_MS}`],
    onLine: (line) => void lines.push(line),
  });
  passed += tests.passed;
  failed += tests.failed;
  console.log(`     ${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped`);
  if (tests.failed > 0) {
    const { output } = await run([...compose, 'logs', '--tail=25'], { env });
    console.log(`${lines.join('\n')}\n${output}`.replace(/^/gm, '     '));
  }
}

async function checkContainers(engine: Engine): Promise<void> {
  const { compose } = engine;
  const folder = mkdtempSync(join(tmpdir(), 'insightdesk-containers-'));
  const remove = async () => {
    const all = ['--profile', '*'];
    await execute([...compose, ...all, 'down', '--volumes', '--timeout', '15']);
    rmSync(folder, { recursive: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void remove().finally(() => process.exit(1)));
  }
  if (engine.prepare.length > 0) {
    await step('engine', async () => {
      for (const command of engine.prepare) await execute(command);
    });
  }
  await step('compose config', () => execute([...compose, 'config', '--quiet']));
  const isRunning =
    (await step('build', () => execute([...compose, 'build']))) &&
    (await step('start, healthy', () => startAll(engine)));
  if (isRunning) {
    await checkRunning(engine, folder);
    if (isLong) await checkProfiles(engine, folder);
  }
  await step('stop', remove);
}

async function checkRunning(engine: Engine, folder: string): Promise<void> {
  const runCompose = (...args: string[]) => execute([...engine.compose, ...args]);
  const runEngine = (...args: string[]) => execute([...engine.engine, ...args]);
  const ca = join(folder, 'ca.pem');
  await step('images', async () => {
    const images = [env.INSIGHTDESK_IMAGE, env.INSIGHTDESK_WORKER_IMAGE];
    for (const line of await checkImages(runEngine, images, labels)) console.log(`     ${line}`);
  });
  await runCompose('cp', 'nginx:/tls/ca.pem', ca);
  await step('desk commands', () => checkCommands(runEngine, runCompose, env.INSIGHTDESK_IMAGE));
  await step('restrictions', () => checkRestrictions(runEngine, runCompose));
  await step('network isolation', () => checkNetworkIsolation(runCompose));
  await step('end to end', () => testThrough(engine, folder, isLong ? allTests : mainJob));
  if (!isLong) return;
  await step('replacement', () => checkReplacement({ url: env.APP_URL, ca, compose: runCompose }));
  await step('development', () =>
    checkDevelopment((args, variables) => execute([...engine.compose, ...args], variables), folder),
  );
}

async function checkProfiles(engine: Engine, folder: string): Promise<void> {
  const variables = {
    COMPOSE_PROFILES: ['inbox', 'pgbouncer', 'replica', 'backup'].join(),
    DATABASE_SERVER: 'pgbouncer:6432',
    BACKUP_KEEP: '2',
  };
  const runCompose = (...args: string[]) => execute([...engine.compose, ...args], variables);
  const runEngine = (...args: string[]) => execute([...engine.engine, ...args]);
  const isRunning = await step('profiles, healthy', async () => {
    await runCompose('build', 'pgbouncer');
    await execute([...engine.up, '--wait-timeout', '180', '--force-recreate'], variables);
    await checkRestrictions(runEngine, runCompose);
    await checkNetworkIsolation(runCompose, { postgres: 5432, replica: 5432, pgbouncer: 6432 });
  });
  if (!isRunning) return;
  await step('main job, PgBouncer', () => testThrough(engine, folder, mainJob));
  await step('replica, restore', () => checkStandby(runCompose));
  await step('main job, restored', () => testThrough(engine, folder, mainJob));
}

const engine = await findEngine();
if (engine) await checkContainers(engine);
else {
  skipped++;
  console.log(
    'skipped: containers, because neither Docker nor Podman with compose is available; install one',
  );
}
const counts = `${passed} passed, ${failed} failed`;
console.log(skipped > 0 ? `${counts}, ${skipped} skipped` : counts);
process.exitCode = failed > 0 ? 1 : 0;
