import { createOutput } from '../stack/output.ts';
import { watchLauncher } from '../stack/processes/launcher.ts';
import { stopCommands } from '../stack/processes/run-command.ts';
import { createFailureLog } from './failure-log.ts';
import type { TestReport } from './junit.ts';
import { rerunFailed, runOnShards } from './run-on-shards.ts';
import { type Counts, runScript } from './run-script.ts';
import { countShards, createShards, type Shards } from './shards.ts';
import { removeAbandonedDirectories } from './test-directory.ts';
import { listTests } from './tiers.ts';

/** Containers need up to a minute to stop. */
const STOP_TIMEOUT_MS = 60_000;
const SECOND_SIGNAL_MS = 1_500;
const SLOWEST_SHOWN = 10;

const output = createOutput();
let abortedAt = 0;
const failures = createFailureLog();
const print = (text: string) => {
  failures.add(text);
  if (abortedAt === 0) output.plain(text);
};
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const noTests: TestReport = {
  passed: 0,
  failed: 0,
  skipped: 0,
  failures: [],
  durations: new Map(),
};
const opened: Shards[] = [];
const openShards = (count: number) => {
  const shards = createShards(count, print);
  opened.push(shards);
  return shards;
};

process.env.NODE_ENV = 'test';
process.env.RATE_LIMIT_MAX_REQUESTS ??= '0';
process.env.REGISTRATIONS_PER_DAY ??= '0';
// Tests of outages send many emails to one recipient.
process.env.QUOTA_EMAILS_PER_RECIPIENT ??= '0';
process.env.LOG_FORMAT ??= 'json';
// Tests that kill the worker expect only one.
process.env.WORKERS_MAX ??= '1';

const tier = process.argv.includes('--long') ? 'long' : 'main';
process.env.TEST_TIER = tier;
/** `npm test -- webhooks` runs only the tests on servers whose path contains this word. */
const words = process.argv.slice(2).filter((word) => word !== '--long');
const files = listTests(tier, words);
if (files.length === 0) {
  print(`No path of a test on servers contains ${words.join(' or ')}`);
  process.exit(1);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void abort(signal));
}
watchLauncher(() => void abort('npm has ended'));

await removeAbandonedDirectories();
if (words.length === 0 && tier === 'main') {
  add('verify', await runScript('tools/verify/verify.ts', [], print));
}
await unlessAborted();
const flaky = await testOnServers();
if (words.length === 0 && process.env.CONTAINERS !== '0') {
  add('containers', await runScript('tests/containers/check-containers.ts', [tier], print));
}
await unlessAborted();
if (failures.lines.length > 0) print(`failures:\n${failures.lines.join('\n')}\n`);
for (const { path, tests } of flaky) {
  print(`flaky: ${path} passed when it ran again, alone: ${tests.join('; ')}`);
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
print(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed > 0 ? 1 : 0);

async function testOnServers() {
  const shards = openShards(countShards(files.length));
  const startedAt = Date.now();
  const environments = await shards.start();
  await unlessAborted();
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  print(`stacks ready: ${environments.length}, in ${seconds} s`);
  const report = environments.length > 0 ? await runOnShards(files, environments, print) : noTests;
  await unlessAborted();
  const dead = await shards.countDead();
  if (report.failed + dead > 0) shards.showLogs();
  await shards.stop();
  shards.remove();
  showSlowest(report);
  const rerun = await rerunFailed(report.failures, openShards, print);
  await unlessAborted();
  const passedAgain = rerun.flaky.reduce((sum, { tests }) => sum + Math.max(1, tests.length), 0);
  add('on servers', {
    passed: report.passed + passedAgain,
    failed: report.failed - passedAgain + dead,
    skipped: report.skipped,
  });
  return rerun.flaky;
}

function showSlowest({ durations }: TestReport): void {
  const slowest = [...durations].sort(([, a], [, b]) => b - a).slice(0, SLOWEST_SHOWN);
  const list = slowest.map(([path, seconds]) => `${seconds.toFixed(1)} s ${path}`);
  if (durations.size > SLOWEST_SHOWN) print(`slowest files:\n  ${list.join('\n  ')}`);
}

function add(name: string, { passed, failed, skipped }: Counts): void {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  print(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
}

/** Never resolves while the run is being aborted. */
async function unlessAborted(): Promise<void> {
  if (abortedAt > 0) await new Promise(() => {});
}

/** Stops gracefully on the first signal, at once on the second. */
async function abort(reason: string): Promise<void> {
  const isRepeated = abortedAt > 0;
  // Ctrl-C is received more than once: from the terminal and from parent processes.
  if (isRepeated && Date.now() - abortedAt < SECOND_SIGNAL_MS) return;
  if (!isRepeated) {
    print(`stopping (${reason})`);
    abortedAt = Date.now();
    await stopCommands(STOP_TIMEOUT_MS);
  }
  for (const shards of opened) shards.kill();
  await Bun.sleep(200);
  for (const shards of opened) shards.remove();
  await removeAbandonedDirectories();
  process.exit(130);
}
