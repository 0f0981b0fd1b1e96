import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { root } from '../stack/paths.ts';
import { runCommand } from '../stack/processes/run-command.ts';
import { readJunit, type TestReport } from './junit.ts';

interface Options {
  flags?: string[];
  env?: Record<string, string>;
  onLine?: (line: string) => void;
}

let runs = 0;

/** Runs test files with `bun test`. Paths are absolute or relative to the repository root. */
export async function runBunTest(
  files: readonly string[],
  { flags = [], env = {}, onLine = () => {} }: Options = {},
): Promise<TestReport> {
  const output = join(tmpdir(), `insightdesk-report-${process.pid}-${runs++}.xml`);
  const reporter = ['--only-failures', '--reporter=junit', `--reporter-outfile=${output}`];
  const paths = files.map((path) => (isAbsolute(path) ? path : `./${path}`));
  const error = await runCommand([process.execPath, 'test', ...flags, ...reporter, ...paths], {
    directory: root,
    env,
    onLine,
  }).then(
    () => undefined,
    (failure: Error) => failure,
  );
  const xml = existsSync(output) ? readFileSync(output, 'utf8') : '';
  rmSync(output, { force: true });
  if (error && !xml) onLine(`bun test wrote no report: ${error.message.split('\n')[0]}`);
  return readJunit(xml, files, !error);
}
