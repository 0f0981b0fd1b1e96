import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../stack/paths.ts';
import { runCommand } from '../stack/processes/run-command.ts';

/** Many times what a test takes that says nothing else: only what hangs is given up. */
export const TEST_TIMEOUT_MS = 150_000;

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The test files of the repository that need servers. */
export function listTests(): string[] {
  const pattern = '{bench,services,shared,tests,tools}/**/*.{integration,e2e}.test.ts';
  const found = [...new Bun.Glob(pattern).scanSync(root)];
  return found.filter((path) => !path.includes('node_modules')).sort();
}

interface RunOptions {
  /** What each lane's tests find in their environment. */
  lanes: Record<string, string>[];
  onLine: (line: string) => void;
}

/** Runs test files with `bun test`, a process for each lane; a run that breaks counts as one failure. */
export async function runTests(files: string[], { lanes, onLine }: RunOptions): Promise<Counts> {
  const report = join(tmpdir(), `insightdesk-report-${process.pid}.xml`);
  const flags = [
    `--timeout=${TEST_TIMEOUT_MS}`,
    `--parallel=${lanes.length}`,
    // Files share what they load, and a lane's next file starts at once.
    '--no-isolate',
    // What tests have started ends with them, however they end.
    '--no-orphans',
    `--preload=${join(import.meta.dir, 'preload.ts')}`,
    '--only-failures',
    '--reporter=junit',
    `--reporter-outfile=${report}`,
  ];
  const failure = await failureOf(
    runCommand([process.execPath, 'test', ...flags, ...files.map((path) => `./${path}`)], {
      directory: root,
      env: { INSIGHTDESK_LANES: JSON.stringify(lanes) },
      onLine,
    }),
  );
  const junit = existsSync(report) ? readFileSync(report, 'utf8') : '';
  rmSync(report, { force: true });
  if (failure && !junit) onLine(`nothing is known of the tests: ${failure.message.split('\n')[0]}`);
  return countReport(junit, !failure);
}

/** What a JUnit report says; `isFine` is what the exit code said. */
export function countReport(junit: string, isFine: boolean): Counts {
  const [summary = ''] = /<testsuites[^>]*>/.exec(junit) ?? [];
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(summary)?.[1] ?? 0);
  const [tests, failures, skipped] = [count('tests'), count('failures'), count('skipped')];
  const isBroken = !isFine || tests === 0;
  return { passed: tests - failures - skipped, failed: failures || Number(isBroken), skipped };
}

/** Runs a script of this repository that ends with `N passed, N failed`. */
export async function runScript(script: string, onLine: (line: string) => void): Promise<Counts> {
  let last = '';
  const failure = await failureOf(
    runCommand([process.execPath, script], {
      directory: root,
      onLine: (line) => {
        last = line;
        onLine(line);
      },
    }),
  );
  const [, passed = 0, failed = 0, skipped = 0] =
    /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/.exec(last) ?? [];
  return {
    passed: Number(passed),
    failed: Number(failed) || Number(failure !== undefined),
    skipped: Number(skipped),
  };
}

const failureOf = (work: Promise<unknown>): Promise<Error | undefined> =>
  work.then(
    () => undefined,
    (error) => error,
  );
