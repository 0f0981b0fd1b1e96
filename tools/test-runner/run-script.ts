import { root } from '../stack/paths.ts';
import { runCommand } from '../stack/processes/run-command.ts';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs a script and parses its last line, `N passed, N failed`. */
export async function runScript(
  script: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<Counts> {
  let last = '';
  const error = await runCommand([process.execPath, script, ...args], {
    directory: root,
    onLine: (line) => {
      last = line;
      onLine(line);
    },
  }).then(
    () => undefined,
    (failure: Error) => failure,
  );
  const [, passed = 0, failed = 0, skipped = 0] =
    /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/.exec(last) ?? [];
  return {
    passed: Number(passed),
    failed: Number(failed) || Number(error !== undefined),
    skipped: Number(skipped),
  };
}
