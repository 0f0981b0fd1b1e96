import { createOutput } from '../stack/output.ts';
import { watchLauncher } from '../stack/processes/launcher.ts';
import { stopCommands } from '../stack/processes/run-command.ts';
import { createFailureList } from './failure-list.ts';
import { countLanes, createLanes } from './shards.ts';
import { removeAbandonedTests } from './test-directory.ts';
import { type Counts, listTests, runScript, runTests } from './test-run.ts';

/** Containers take a while to go. */
const PATIENCE_MS = 60_000;
const IMPATIENT_MS = 1500;

const output = createOutput();
let abortedAt = 0;
const failures = createFailureList();
const print = (text: string) => {
  failures.take(text);
  if (abortedAt === 0) output.plain(text);
};
const total: Counts = { passed: 0, failed: 0, skipped: 0 };

process.env.NODE_ENV = 'test';
process.env.RATE_LIMIT_MAX_REQUESTS ??= '0';
process.env.LOG_FORMAT ??= 'json';
// Tests that kill the worker mean the only one.
process.env.WORKERS_MAX ??= '1';

/** Parts of paths: `npm test -- webhooks` runs only the tests on servers that they name. */
const wanted = process.argv.slice(2);
const files = listTests().filter(
  (path) => wanted.length === 0 || wanted.some((part) => path.includes(part)),
);
if (files.length === 0) {
  print(`No test on servers has ${wanted.join(' or ')} in its path`);
  process.exit(1);
}
const laneCount = countLanes(files.length);
const lanes = createLanes(laneCount, print);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void abort(signal));
}
watchLauncher(() => void abort('its launcher has gone'));

await removeAbandonedTests();
if (wanted.length === 0) add('verify', await runScript('tools/verify/verify.ts', print));
await goesOn();
await testOnServers();
await lanes.stop();
if (wanted.length === 0 && process.env.CONTAINERS !== '0') {
  add('containers', await runScript('tests/containers/check-containers.ts', print));
}
await goesOn();
lanes.remove();
if (failures.seen.length > 0) print(`what failed:\n${failures.seen.join('\n')}\n`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
print(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed > 0 ? 1 : 0);

async function testOnServers(): Promise<void> {
  const startedAt = Date.now();
  const started = await lanes.start();
  await goesOn();
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  print(`${started.length} of ${laneCount} stacks ready in ${seconds} s`);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (started.length > 0) {
    Object.assign(counts, await runTests(files, { lanes: started, onLine: print }));
  }
  await goesOn();
  counts.failed += await lanes.countDead();
  if (counts.failed > 0) lanes.showLogs();
  add('on servers', counts);
}

function add(name: string, { passed, failed, skipped }: Counts): void {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  print(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
}

/** Returns unless everything is being stopped. */
async function goesOn(): Promise<void> {
  if (abortedAt > 0) await new Promise(() => {});
}

/** Gently when asked once, at once when asked again. */
async function abort(reason: string): Promise<void> {
  const isAsked = abortedAt > 0;
  // Ctrl-C reaches us more than once: from the terminal, and from those who started us.
  if (isAsked && Date.now() - abortedAt < IMPATIENT_MS) return;
  if (!isAsked) {
    print(`stopping (${reason})`);
    abortedAt = Date.now();
    await stopCommands(PATIENCE_MS);
  }
  lanes.kill();
  await Bun.sleep(200);
  lanes.remove();
  await removeAbandonedTests();
  process.exit(130);
}
