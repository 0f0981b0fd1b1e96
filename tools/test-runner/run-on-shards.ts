import { join } from 'node:path';
import { runBunTest } from './bun-test.ts';
import type { FailedFile, TestReport } from './junit.ts';
import type { Shards } from './shards.ts';

/** Many times what any test takes: only a test that hangs reaches it. */
export const TEST_TIMEOUT_MS = 150_000;
/** With more failed files the change is broken, and a second run would only take time. */
const MAX_RERUNS = 5;

type Print = (text: string) => void;

/** Runs test files, each shard's on the stack of its own. `environments` has one entry per shard. */
export const runOnShards = (
  files: readonly string[],
  environments: Record<string, string>[],
  onLine: Print,
): Promise<TestReport> =>
  runBunTest(files, {
    flags: [
      `--timeout=${TEST_TIMEOUT_MS}`,
      `--parallel=${environments.length}`,
      // Files share what they load, and a shard's next file starts at once.
      '--no-isolate',
      // What tests have started ends with them, however they end.
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

/** Runs each failed file once more, alone, on a stack that was started for it. */
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
