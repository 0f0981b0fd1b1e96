import { join } from 'node:path';
import { runBunTest } from './bun-test.ts';
import type { FailedFile, TestReport } from './junit.ts';
import type { Shards } from './shards.ts';

/** Far above the duration of any test, so that only a hanging test reaches it. */
export const TEST_TIMEOUT_MS = 150_000;
/** With more failed files a rerun is not useful. */
const MAX_RERUNS = 5;

type Print = (text: string) => void;

/** Runs test files on shards. `environments` has one entry per shard. */
export const runOnShards = (
  files: readonly string[],
  environments: Record<string, string>[],
  onLine: Print,
): Promise<TestReport> =>
  runBunTest(files, {
    flags: [
      `--timeout=${TEST_TIMEOUT_MS}`,
      `--parallel=${environments.length}`,
      // Files of a shard share loaded modules, so that they start fast.
      '--no-isolate',
      // Kills processes that tests have left behind.
      '--no-orphans',
      `--preload=${join(import.meta.dir, 'preload.ts')}`,
    ],
    env: { INSIGHTDESK_SHARDS: JSON.stringify(environments) },
    onLine,
  });

interface Rerun {
  /** Files that passed the second time, with the tests that had failed. */
  flaky: FailedFile[];
  /** Files that failed twice. */
  failed: FailedFile[];
}

/** Runs each failed file once more, alone, on a new stack. */
export async function rerunFailed(
  failures: readonly FailedFile[],
  openShards: (count: number, print: Print) => Shards,
  print: Print,
): Promise<Rerun> {
  const result: Rerun = { flaky: [], failed: [] };
  for (const failure of failures) {
    const isFlaky =
      failures.length <= MAX_RERUNS && (await passesAlone(failure.path, openShards, print));
    result[isFlaky ? 'flaky' : 'failed'].push(failure);
  }
  return result;
}

async function passesAlone(
  path: string,
  openShards: (count: number, print: Print) => Shards,
  print: Print,
): Promise<boolean> {
  print(`running ${path} again, alone`);
  const shards = openShards(1, print);
  try {
    const environments = await shards.start();
    if (environments.length === 0) return false;
    const { failed } = await runOnShards([path], environments, print);
    return failed === 0;
  } finally {
    await shards.stop();
    shards.remove();
  }
}
