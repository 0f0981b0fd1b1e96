import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

/** Runs test files with `bun test` and counts what they did; a run that breaks counts as failed. */
export async function runTests(
  files: string[],
  { env = {}, flags = [] }: { env?: Record<string, string>; flags?: string[] } = {},
) {
  const report = join(tmpdir(), `insightdesk-tests-${process.pid}.xml`);
  const reporter = ['--only-failures', '--reporter=junit', `--reporter-outfile=${report}`];
  const paths = files.map((path) => `./${path}`);
  const command = [process.execPath, 'test', ...flags, ...reporter, ...paths];
  const { output, exitCode } = await run(command, { env });
  const junit = await Bun.file(report)
    .text()
    .catch(() => '');
  await Bun.file(report)
    .delete()
    .catch(() => {});
  const count = (name: string) =>
    Number(new RegExp(`<testsuites[^>]* ${name}="(\\d+)"`).exec(junit)?.[1] ?? 0);
  const [total, skipped, failures] = [count('tests'), count('skipped'), count('failures')];
  const isBroken = exitCode !== 0 || total === 0;
  const failed = Math.max(failures, isBroken ? 1 : 0);
  return { passed: total - failures - skipped, failed, skipped, output };
}
