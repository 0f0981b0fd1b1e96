import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../shared/testing/until.ts';
import { requireTools } from '../../../tools/stack/machine/toolchain.ts';
import { takePort } from '../../../tools/stack/processes/ports.ts';
import { createValkey, respondsToPing } from '../../../tools/stack/servers/valkey.ts';

/** Something that comes back a moment after it was killed, until it is stopped. */
export interface RestartingProcess {
  /** Ends it at once, as `kill -9` does, and sees it gone; one that is away is waited for. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Keeps a process running. */
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

/** A Valkey for this test alone, set up as the product's. */
export async function startValkey(): Promise<RestartingProcess & { url: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-chaos-'));
  const { valkey: tool } = await requireTools(() => {});
  const port = takePort();
  const password = crypto.randomUUID();
  const { spec, url } = createValkey({ tool, directory, port, password });
  spec.prepare?.();
  const server = startProcess(spec.command, spec.env);
  await until('Valkey to answer', () => respondsToPing(port, password));
  return {
    ...server,
    url,
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The world outside: it takes each key once, and remembers everything it was told. */
export function createOutsideService() {
  const requests = new Map<string, number>();
  const keysOfJob = new Map<string, Set<string>>();
  const busy = new Map<string, number>();
  let max = 0;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch({ headers }) {
      const [key, job, limit] = ['idempotency-key', 'x-job', 'x-limit'].map(
        (name) => headers.get(name) ?? '',
      ) as [string, string, string];
      requests.set(key, (requests.get(key) ?? 0) + 1);
      keysOfJob.set(job, (keysOfJob.get(job) ?? new Set()).add(key));
      const count = (busy.get(limit) ?? 0) + 1;
      busy.set(limit, count);
      if (limit) max = Math.max(max, count);
      // The effect has happened, and whoever asked does not know it yet.
      await Bun.sleep(20 + Math.random() * 200);
      busy.set(limit, (busy.get(limit) ?? 0) - 1);
      return Response.json(key);
    },
  });
  return {
    url: server.url.href,
    keysOfJob,
    /** How often each key came. */
    requests,
    /** How many were there at a time at most, under one limit. */
    maxConcurrent: () => max,
    stop: () => server.stop(true),
  };
}
