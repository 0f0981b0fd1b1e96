import { commands } from '../../services/cli/commands.ts';

type RunCommand = (...args: string[]) => Promise<string>;

/** Prints the end of the output of each command that fails. */
const SCRIPT = `for name in ${Object.keys(commands).join(' ')}; do
  output=$(bun services/cli/desk.ts "$name" --help 2>&1) || echo "desk $name --help: $output" | tail -n 5
done
bun services/cli/desk.ts events replay --help >/dev/null || echo "desk events replay --help fails"
cd shared && bun -e "await import('@sentry/bun')" || echo "the image lacks parts of @sentry/bun"`;

/**
 * Runs every command of `desk` with --help inside the image, and those of an operator's day in the container of
 * `desk`: `doctor` finds no error in a healthy installation. Throws with the output of those that fail: a module that is missing in the image shows only here.
 */
export async function checkCommands(
  runEngine: RunCommand,
  runCompose: RunCommand,
  image: string,
): Promise<void> {
  const isolated = ['--rm', '--read-only', '--network', 'none'];
  const failures = await runEngine('run', ...isolated, image, 'sh', '-c', SCRIPT);
  if (failures.trim()) throw new Error(failures);
  for (const words of [
    ['events', 'replay', '--since', '2026-01-01', '--to', 'channels', '--dry-run'],
    ['migrate', '--status'],
    ['organizations', 'list'],
    ['doctor'],
  ]) {
    await runCompose('--profile', 'desk', 'run', '--rm', 'desk', ...words);
  }
}
