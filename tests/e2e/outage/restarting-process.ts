import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../shared/testing/until.ts';
import { requireTools } from '../../../tools/stack/machine/toolchain.ts';
import { takePort } from '../../../tools/stack/processes/ports.ts';
import { createValkey, respondsToPing } from '../../../tools/stack/servers/valkey.ts';

/** A process that restarts after it was killed, until it is stopped. */
export interface RestartingProcess {
  pid(): number;
  /** Kills the process and waits for its end. Waits first if it is restarting. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a process and restarts it when it ends. */
export function startProcess(
  command: string[],
  env: Record<string, string> = {},
): RestartingProcess {
  let isStopped = false;
  let child: Bun.Subprocess;
  async function run() {
    while (!isStopped) {
      child = Bun.spawn(command, {
        env: { ...process.env, ...env },
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: 'inherit',
      });
      await child.exited;
      if (!isStopped) await Bun.sleep(100 + Math.random() * 400);
    }
  }
  const ended = run();
  return {
    pid: () => child.pid,
    async kill() {
      await until('the process to be restarted', () => !hasEnded(child));
      const server = child;
      server.kill('SIGKILL');
      await server.exited;
      if (server.signalCode !== 'SIGKILL') throw new Error(`${command.join(' ')} ended by itself`);
    },
    async stop() {
      isStopped = true;
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const hasEnded = ({ exitCode, signalCode }: Bun.Subprocess) =>
  exitCode !== null || signalCode !== null;

/** A separate Valkey with the configuration of the product. */
export async function startValkey(): Promise<RestartingProcess & { url: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-chaos-'));
  const { valkey: tool } = await requireTools(() => {});
  const port = takePort();
  const password = crypto.randomUUID();
  const { spec, url } = createValkey({ tool, directory, port, password });
  spec.prepare?.();
  const server = startProcess(spec.command, spec.env);
  await until('Valkey to respond', () => respondsToPing(port, password));
  return {
    ...server,
    url,
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
