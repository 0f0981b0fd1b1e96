import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { signalGroup } from './process-identity.ts';

const LAST_LINES = 12;

interface Options {
  directory?: string;
  env?: Record<string, string>;
  onLine?: (line: string) => void;
}

const running = new Set<number>();

/** Runs a program and returns its stdout. Throws with its last lines if it fails. */
export function runCommand(
  [program, ...args]: [string, ...string[]],
  { directory, env = {}, onLine }: Options = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: directory,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid = 0 } = child;
    running.add(pid);
    const lines: string[] = [];
    let stdout = '';
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (stream === child.stdout) stdout += `${line}\n`;
        if (lines.push(line) > LAST_LINES) lines.shift();
        onLine?.(line);
      });
    }
    child.once('error', (error) => {
      running.delete(pid);
      reject(new Error(`${program}: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      running.delete(pid);
      if (code === 0) return resolve(stdout);
      const tail = lines.map((line) => `  ${line}`);
      reject(new Error([`${program} ended with ${signal ?? code}`, ...tail].join('\n')));
    });
  });
}

/** Kills all running commands with their descendants. */
export function killCommands(): void {
  for (const pid of running) if (pid > 0) signalGroup(pid, 'SIGKILL');
}

/** Sends SIGTERM to all running commands, and kills them after the timeout. */
export async function stopCommands(timeoutMs: number): Promise<void> {
  for (const pid of running) if (pid > 0) signalGroup(pid, 'SIGTERM');
  const deadline = Date.now() + timeoutMs;
  while (running.size > 0 && Date.now() < deadline) await Bun.sleep(20);
  killCommands();
}
