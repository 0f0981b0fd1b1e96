import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository root. */
export const root = join(import.meta.dir, '..', '..');

// oxlint finds its type-aware linter on PATH.
const bins = join(root, 'node_modules', '.bin');
const tools = {
  biome: { package: '@biomejs/biome', args: ['--max-diagnostics=none', '--reporter=concise'] },
  tsc: { package: 'typescript', args: ['--noEmit', '--pretty', 'false'] },
  oxlint: {
    package: 'oxlint',
    args: [
      '--config=tools/verify/lint/oxlint.json',
      '--ignore-pattern=**/node_modules/**',
      '--type-aware',
      '--quiet',
      '--format=unix',
    ],
  },
};

/** Runs a tool of the project with Bun, so that Node is not required. */
export function runTool(tool: keyof typeof tools, args: string[] = [], cwd = root) {
  const { package: name, args: defaults } = tools[tool];
  const folder = join(root, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return run([process.execPath, join(folder, bin[tool]), ...args, ...defaults], { cwd });
}

interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
}

/** Runs a command. `output` is stdout followed by stderr. */
export async function run(command: string[], { cwd = root, env = {} }: RunOptions = {}) {
  const child = Bun.spawn(command, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', PATH: `${bins}:${process.env.PATH}`, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { stdout, output: `${stdout}${stderr}`.trim(), exitCode: await child.exited };
}
