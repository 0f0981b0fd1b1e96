import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOutput } from './output.ts';
import { watchLauncher } from './processes/launcher.ts';
import { portsFrom } from './processes/ports.ts';
import { runFilePath } from './stack/run-file.ts';
import { createStack } from './stack/stack.ts';
import { createFailureList } from './tests/failure-list.ts';
import { createTestDirectory, removeAbandonedTests } from './tests/test-directory.ts';
import { type Counts, listTests, runScript, runTests } from './tests/test-run.ts';

const LAST_LOG_LINES = 60;

const output = createOutput();
let aborted = false;
const failures = createFailureList();
const print = (text: string) => {
  failures.take(text);
  if (!aborted) output.plain(text);
};
const total: Counts = { passed: 0, failed: 0, skipped: 0 };

const directory = createTestDirectory();
Object.assign(process.env, { NODE_ENV: 'test', INSIGHTDESK_DATA: directory.path });
process.env.RATE_LIMIT_MAX_REQUESTS ??= '0';
process.env.LOG_FORMAT ??= 'json';
// Tests that kill the worker mean the only one.
process.env.WORKERS_MAX ??= '1';

const logFile = join(directory.path, 'stack.log');
const stack = createStack({
  directory: directory.path,
  ports: portsFrom(10_000 + 20 * Math.floor(Math.random() * 1000)),
  disposable: true,
  onLine: (source, line) => appendFileSync(logFile, `${source}: ${line}\n`),
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void abort(signal));
}
watchLauncher(() => void abort('its launcher has gone'));

await removeAbandonedTests();
/** Parts of paths: `npm test -- webhooks` runs only the tests on servers that they name. */
const wanted = process.argv.slice(2);
const isWanted = (path: string) =>
  wanted.length === 0 || wanted.some((part) => path.includes(part));

if (![...listTests('integration'), ...listTests('e2e')].some(isWanted)) {
  print(`No test on servers has ${wanted.join(' or ')} in its path`);
  process.exit(1);
}
if (wanted.length === 0) add('verify', await runScript('deploy/verify/verify.ts', print));
await testWithStack();
await stack.stop();
if (wanted.length === 0 && process.env.CONTAINERS !== '0') {
  add('containers', await runScript('deploy/containers/check.ts', print));
}
directory.remove();
if (failures.seen.length > 0) print(`what failed:\n${failures.seen.join('\n')}\n`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
print(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed > 0 ? 1 : 0);

async function testWithStack(): Promise<void> {
  const failedBefore = total.failed;
  try {
    const startedAt = Date.now();
    const { environment } = await stack.start();
    print(`stack ready in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    const env = { ...environment, INSIGHTDESK_RUN: runFilePath(directory.path) };
    for (const kind of ['integration', 'e2e'] as const) {
      const files = listTests(kind).filter(isWanted);
      if (files.length > 0 || wanted.length === 0)
        add(kind, await runTests(files, { env, onLine: print }));
    }
  } catch (error) {
    print(`the stack did not start: ${(error as Error).message}`);
    total.failed++;
  }
  if (total.failed > failedBefore) showLog();
}

function add(name: string, { passed, failed, skipped }: Counts): void {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  print(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
}

function showLog(): void {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n') : [];
  print(`the last lines of the stack:\n${lines.slice(-LAST_LOG_LINES).join('\n')}`);
}

async function abort(reason: string): Promise<void> {
  print(`stopping (${reason})`);
  aborted = true;
  stack.kill();
  await Bun.sleep(200);
  directory.remove();
  process.exit(130);
}
