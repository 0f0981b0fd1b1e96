/** Builds the images, brings the whole compose file up beside whatever runs, tests it, removes it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPorts, portsFrom } from '../../tools/stack/processes/ports.ts';
import { runBunTest } from '../../tools/test-runner/bun-test.ts';
import { TEST_TIMEOUT_MS } from '../../tools/test-runner/run-on-shards.ts';
import { root, run } from '../../tools/verify/run.ts';
import { checkCompose, checkRefusal } from './check-compose.ts';
import { checkDevelopment } from './check-development.ts';
import { checkWalls } from './check-network-isolation.ts';
import { checkReplacement } from './check-replacement.ts';
import { checkContained, checkImages } from './check-restrictions.ts';
import { checkStandby } from './check-standby.ts';
import { type Engine, findEngine } from './engine.ts';

// Nobody else is given them while the images are built.
const ports = await findPorts(portsFrom(10_000 + 20 * Math.floor(Math.random() * 1000)));
const labels = { version: '1.2.3-check', revision: 'c0ffee' };
const env = {
  COMPOSE_PROJECT_NAME: `insightdesk-check-${process.pid}`,
  INSIGHTDESK_IMAGE: 'insightdesk-check',
  INSIGHTDESK_WORKER_IMAGE: 'insightdesk-check-worker',
  INSIGHTDESK_VERSION: labels.version,
  INSIGHTDESK_REVISION: labels.revision,
  // As from a clean clone of which one file was copied.
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

async function step(name: string, work: () => Promise<unknown>): Promise<boolean> {
  const since = performance.now();
  const failure = await Promise.try(work).then(
    () => undefined,
    (error) => error as Error,
  );
  if (failure) failed++;
  else passed++;
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(`${failure ? 'FAIL' : 'ok  '} ${name.padEnd(20)} ${seconds} s`);
  if (failure) console.log(failure.message.replace(/^/gm, '     '));
  return !failure;
}

async function must(command: string[], more: Record<string, string> = {}): Promise<string> {
  const { stdout, output, exitCode } = await run(command, { env: { ...env, ...more } });
  if (exitCode !== 0) throw new Error(`${command.join(' ')}\n${output.slice(-6000)}`);
  return stdout;
}

async function bringUp({ compose, up }: Engine): Promise<void> {
  try {
    await must([...up, '--wait-timeout', '180']);
  } catch (error) {
    const { output } = await run([...compose, 'logs', '--tail=25'], { env });
    throw new Error(`${(error as Error).message}\n${output}`);
  }
}

const replicas = ['api-1', 'api-2', 'websocket-1', 'websocket-2', 'worker'];

/** Without pids: no engine brings back at once what was killed; `checkReplacement` does it. */
const services = replicas.map((name) => ({ name, kind: name.replace(/-\d$/, '') }));

/** All of them, or those with a word in their name: `bun tests/containers/check-containers.ts main-job`. */
const wantedTests = `tests/e2e/*${process.argv[2] ?? ''}*.e2e.test.ts`;
const mainJob = 'tests/e2e/main-job.e2e.test.ts';

async function testThrough({ compose }: Engine, folder: string, which: string): Promise<void> {
  const ca = join(folder, 'ca.pem');
  const inbox = `http://127.0.0.1:${ports.inbox}`;
  const runFile = join(folder, 'run.json');
  await Bun.write(runFile, JSON.stringify({ ready: true, url: env.APP_URL, ca, inbox, services }));
  const files = [...new Bun.Glob(which).scanSync(root)].sort();
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
    await must([...compose, ...all, 'down', '--volumes', '--timeout', '15']);
    rmSync(folder, { recursive: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void remove().finally(() => process.exit(1)));
  }
  if (engine.prepare.length > 0) {
    await step('engine', async () => {
      for (const command of engine.prepare) await must(command);
    });
  }
  await step('compose', async () =>
    checkCompose(JSON.parse(await must([...compose, 'config', '--format=json']))),
  );
  const isUp =
    (await step('build', () => must([...compose, 'build']))) &&
    (await step('up, healthy', () => bringUp(engine)));
  if (isUp) {
    const ca = join(folder, 'ca.pem');
    const words = (...words: string[]) => must([...compose, ...words]);
    const ask = (...words: string[]) => must([...engine.engine, ...words]);
    await step('images', async () => {
      const images = [env.INSIGHTDESK_IMAGE, env.INSIGHTDESK_WORKER_IMAGE];
      for (const line of await checkImages(ask, images, labels)) console.log(`     ${line}`);
    });
    await words('cp', 'nginx:/tls/ca.pem', ca);
    await step('contained', () => checkContained(ask, words));
    await step('walls', () => checkWalls(words));
    await step('end to end', () => testThrough(engine, folder, wantedTests));
    await step('killed, replaced', () =>
      checkReplacement({ url: env.APP_URL, ca, compose: words }),
    );
    await step('development', () =>
      checkDevelopment((words, more) => must([...compose, ...words], more), folder),
    );
    const profiles = ['inbox', 'pgbouncer', 'replica', 'backup'];
    const withProfiles = {
      COMPOSE_PROFILES: profiles.join(),
      DATABASE_SERVER: 'pgbouncer:6432',
      BACKUP_KEEP: '2',
    };
    const also = (...words: string[]) => must([...compose, ...words], withProfiles);
    const isUpAgain = await step('profiles, healthy', async () => {
      await also('build', 'pgbouncer');
      await must([...engine.up, '--wait-timeout', '180', '--force-recreate'], withProfiles);
      await checkContained(ask, also);
      await checkWalls(also, { postgres: 5432, replica: 5432, pgbouncer: 6432 });
    });
    if (isUpAgain) {
      await step('through the pooler', () => testThrough(engine, folder, mainJob));
      await step('replica, restored', () => checkStandby(also));
      await step('after the restore', () => testThrough(engine, folder, mainJob));
    }
  }
  await step('down', remove);
}

await step('production refuses', checkRefusal);
const engine = await findEngine();
if (engine) await checkContainers(engine);
else console.log('skip containers: no engine answers here; install Docker with compose to run it');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
