import { fetchMediaTools } from '../test-servers/fetch-ffmpeg.ts';
import { createOutput, formatTable } from './output.ts';
import { dataDirectory } from './paths.ts';
import { watchLauncher } from './processes/launcher.ts';
import type { RunFile } from './run-file.ts';
import { demoLogins, seed } from './seed.ts';
import { createStack } from './stack.ts';

const SECOND_SIGNAL_MS = 1500;

const startedAt = Date.now();
const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
const isDevelopment = (process.env.NODE_ENV ?? 'development') === 'development';
const output = createOutput();
const log = (line: string) => output.line('stack', line);

const stack = createStackOrExit();
let stoppingSince = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop(signal));
}
watchLauncher(() => stoppingSince === 0 && void stop('npm has ended'));

try {
  const { run } = await stack.start();
  output.plain(banner(run));
  // Not awaited: media jobs wait until ffmpeg is available.
  if (!process.env.MEDIA_TOOLS_DIRECTORY) void fetchMediaTools(log);
} catch (error) {
  if (stoppingSince === 0) {
    log(`start failed: ${(error as Error).message}`);
    await stack.stop();
    process.exit(1);
  }
}

function createStackOrExit() {
  try {
    return createStack({
      directory: dataDirectory(),
      isReloading: process.argv.includes('--reload'),
      onLine: output.line,
      onReady: prepareDemo,
    });
  } catch (error) {
    log((error as Error).message);
    process.exit(1);
  }
}

/** Stops gracefully on the first signal, at once on the second. */
async function stop(reason: string): Promise<void> {
  if (stoppingSince > 0) {
    // Ctrl-C is received more than once: from the terminal and from parent processes.
    if (Date.now() - stoppingSince < SECOND_SIGNAL_MS) return;
    stack.kill();
    process.exit(130);
  }
  stoppingSince = Date.now();
  log(`stopping (${reason})`);
  await stack.stop();
  log('stopped');
  process.exit(0);
}

/** The owner of the demo organization is the operator and may open the queue dashboard. */
async function prepareDemo(run: RunFile): Promise<string | undefined> {
  if (!isDevelopment) return undefined;
  try {
    const { state, organizationId } = await seed(run);
    log(`demo organization ${state}`);
    return organizationId;
  } catch (error) {
    log(`demo organization was not created: ${(error as Error).message}`);
    return undefined;
  }
}

function banner({ url, inbox, ca, postgres, valkey, services }: RunFile): string {
  const addresses = [
    ['product', url],
    ['reference', `${url}/docs`],
    ...(isDevelopment ? [['example chat', `${url}/example`]] : []),
    ['queues', `${url}/admin/queues`],
    ['inbox', inbox],
    ['postgres', postgres],
    ['valkey', valkey],
    ...services.map(({ name, pid, url }) => [name, `${url}  pid ${pid}`]),
    ['certificate', ca],
  ];
  const logins = demoLogins.map(({ role, email, password }) => [role, `${email}  ${password}`]);
  const demo = isDevelopment
    ? ['', 'Sign in to the demo organization as', formatTable(logins)]
    : [];
  return [
    '',
    `READY in ${seconds()}. Ctrl-C stops everything.`,
    formatTable(addresses),
    ...demo,
    '',
  ].join('\n');
}
