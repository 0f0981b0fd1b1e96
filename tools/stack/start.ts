import { fetchMediaTools } from '../test-servers/media-tools.ts';
import { createOutput, table } from './output.ts';
import { dataDirectory } from './paths.ts';
import { watchLauncher } from './processes/launcher.ts';
import type { RunFile } from './run-file.ts';
import { demoLogins, seed } from './seed.ts';
import { createStack } from './stack.ts';

const IMPATIENT_MS = 1500;

const startedAt = Date.now();
const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
const isDevelopment = (process.env.NODE_ENV ?? 'development') === 'development';
const output = createOutput();
const say = (line: string) => output.line('stack', line);

const stack = createStackOrExit();
let askedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stopBecause(signal));
}
watchLauncher(() => askedAt === 0 && void stopBecause('its launcher has gone'));

try {
  const { run } = await stack.start();
  output.plain(banner(run));
  // Not waited for: what needs it waits by itself, and says so.
  if (!process.env.MEDIA_TOOLS_DIRECTORY) void fetchMediaTools(say);
} catch (error) {
  if (askedAt === 0) {
    say(`could not start: ${(error as Error).message}`);
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
      onAnswering: prepareDemo,
    });
  } catch (error) {
    say((error as Error).message);
    process.exit(1);
  }
}

/** Ends the process: gently when asked once, at once when asked again. */
async function stopBecause(reason: string): Promise<void> {
  if (askedAt > 0) {
    // Ctrl-C reaches us more than once: from the terminal, and from those who started us.
    if (Date.now() - askedAt < IMPATIENT_MS) return;
    stack.kill();
    process.exit(130);
  }
  askedAt = Date.now();
  say(`stopping (${reason})`);
  await stack.stop();
  say('stopped');
  process.exit(0);
}

/** The demo's owner operates this stack: the queues' dashboard is open to them. */
async function prepareDemo(run: RunFile): Promise<string | undefined> {
  if (!isDevelopment) return undefined;
  try {
    const { state, organizationId } = await seed(run);
    say(`demo organisation ${state}`);
    return organizationId;
  } catch (error) {
    say(`no demo organisation: ${(error as Error).message}`);
    return undefined;
  }
}

function banner({ url, inbox, ca, postgres, valkey, services }: RunFile): string {
  const places = [
    ['product', url],
    ['reference', `${url}/docs`],
    ['queues', `${url}/admin/queues`],
    ['inbox', inbox],
    ['postgres', postgres],
    ['valkey', valkey],
    ...services.map(({ name, pid, url }) => [name, `${url}  pid ${pid}`]),
    ['certificate', ca],
  ];
  const logins = demoLogins.map(({ role, email, password }) => [role, `${email}  ${password}`]);
  const demo = isDevelopment ? ['', 'Sign in to the demo organisation as', table(logins)] : [];
  return ['', `READY in ${seconds()}. Ctrl-C stops everything.`, table(places), ...demo, ''].join(
    '\n',
  );
}
