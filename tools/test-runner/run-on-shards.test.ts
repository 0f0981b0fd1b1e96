import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rerunFailed, runOnShards } from './run-on-shards.ts';
import type { Shards } from './shards.ts';

async function withFiles<T>(
  sources: Record<string, string>,
  work: (paths: string[]) => Promise<T>,
) {
  const folder = mkdtempSync(join(tmpdir(), 'insightdesk-shards-'));
  try {
    const paths = Object.keys(sources).map((name) => join(folder, name));
    await Promise.all(
      paths.map((path, index) => Bun.write(path, Object.values(sources)[index] ?? '')),
    );
    return await work(paths);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Passes when two shards run it at the same time. */
const concurrentTest = `
  import { test } from 'bun:test';
  import { existsSync, writeFileSync } from 'node:fs';
  const { OWN, OTHER } = process.env;
  test('runs beside another shard', async () => {
    writeFileSync(import.meta.dir + '/' + OWN, '');
    while (!existsSync(import.meta.dir + '/' + OTHER)) await Bun.sleep(5);
  });
`;

test(
  'runOnShards runs files concurrently, each with the environment of its shard',
  () =>
    withFiles({ 'a.test.ts': concurrentTest, 'b.test.ts': concurrentTest }, async (paths) => {
      const environments = [
        { OWN: 'one', OTHER: 'two' },
        { OWN: 'two', OTHER: 'one' },
      ];
      const report = await runOnShards(paths, environments, () => {});
      expect(report).toMatchObject({ passed: 2, failed: 0, skipped: 0, failures: [] });
    }),
  60_000,
);

test(
  'runOnShards reports the file of a crashed process and runs the others',
  () =>
    withFiles(
      {
        'a.test.ts': `import { test } from 'bun:test'; test('dies', () => process.kill(process.pid, 'SIGKILL'));`,
        'b.test.ts': `import { test } from 'bun:test'; test('lives', () => {});`,
      },
      async (paths) => {
        const report = await runOnShards(paths, [{}, {}], () => {});
        expect(report).toMatchObject({ passed: 1, failed: 1 });
        expect(report.failures.map(({ path }) => path)).toEqual(paths.slice(0, 1));
      },
    ),
  60_000,
);

/** Fails in the first process that runs it and passes in the next one. */
const flaky = `
  import { expect, test } from 'bun:test';
  import { existsSync, writeFileSync } from 'node:fs';
  const ranFile = import.meta.dir + '/ran';
  test('passes the second time', () => {
    const hasRun = existsSync(ranFile);
    writeFileSync(ranFile, '');
    expect(hasRun).toBe(true);
  });
`;

const noStack = (): Shards => ({
  start: async () => [{}],
  stop: async () => {},
  countDead: async () => 0,
  showLogs() {},
  kill() {},
  remove() {},
});

test(
  'rerunFailed reports a file that passes the second time as flaky, and others as failed',
  () =>
    withFiles(
      {
        'a.test.ts': flaky,
        'b.test.ts': `import { test } from 'bun:test'; test('fails always', () => { throw new Error(); });`,
      },
      async (paths) => {
        const { failures } = await runOnShards(paths, [{}, {}], () => {});
        const { flaky, failed } = await rerunFailed(failures, noStack, () => {});
        expect(flaky).toEqual([{ path: paths[0] ?? '', tests: ['passes the second time'] }]);
        expect(failed.map(({ path }) => path)).toEqual(paths.slice(1));
      },
    ),
  60_000,
);

test('rerunFailed reruns nothing when more than five files failed', async () => {
  const failures = Array.from({ length: 6 }, (_, n) => ({ path: `${n}.test.ts`, tests: [] }));
  const started: number[] = [];
  const openShards = () => {
    started.push(1);
    return noStack();
  };
  expect((await rerunFailed(failures, openShards, () => {})).failed).toEqual(failures);
  expect(started).toEqual([]);
});
