import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { alivePid, identityOf, signalGroup } from './process-identity.ts';

/** Processes that need longer to stop are killed. */
const STOP_TIMEOUT_MS = 3000;

export type PidFiles = ReturnType<typeof createPidFiles>;

/** Files with the pids of a data directory, so that the next start can stop orphans after a kill -9. */
export function createPidFiles(directory: string) {
  mkdirSync(directory, { recursive: true });
  const file = (name: string) => join(directory, `${name}.pid`);

  return {
    write(name: string, pid: number, stopSignal: NodeJS.Signals = 'SIGTERM') {
      writeFileSync(file(name), `${identityOf(pid) ?? `${pid} gone`}\n${stopSignal}`);
    },
    remove(name: string) {
      rmSync(file(name), { force: true });
    },
    /** Stops the processes of an earlier supervisor; returns their names. */
    async stopOrphans(): Promise<string[]> {
      const names = readdirSync(directory)
        .filter((entry) => entry.endsWith('.pid'))
        .map((entry) => entry.slice(0, -'.pid'.length));
      const running = names.filter((name) => signal(file(name)));
      const deadline = Date.now() + STOP_TIMEOUT_MS;
      while (running.some((name) => signal(file(name), 0)) && Date.now() < deadline) {
        await Bun.sleep(50);
      }
      for (const name of names) {
        signal(file(name), 'SIGKILL');
        rmSync(file(name), { force: true });
      }
      return running;
    },
  };
}

/**
 * Sends a signal (default: its stop signal) to the process group of a pid file; false if it has ended. A group can
 * outlive its leader, as nginx workers do. It is not ours if the pid of the leader was reused.
 */
function signal(path: string, name?: NodeJS.Signals | 0): boolean {
  const [identity = '', stopSignal] = existsSync(path)
    ? readFileSync(path, 'utf8').split('\n')
    : [];
  const pid = Number.parseInt(identity, 10);
  if (!(pid > 1)) return false;
  const current = identityOf(pid);
  if (current === undefined) return signalGroup(pid, 'SIGKILL') && false;
  return current === identity && signalGroup(pid, name ?? (stopSignal as NodeJS.Signals));
}

const lockPath = (directory: string) => join(directory, 'supervisor.lock');

function lockHolder(directory: string): number | undefined {
  const path = lockPath(directory);
  return existsSync(path) ? alivePid(readFileSync(path, 'utf8')) : undefined;
}

/** Whether a supervisor uses this data directory. */
export const isLocked = (directory: string) => lockHolder(directory) !== undefined;

/**
 * Locks a data directory; throws if another supervisor holds it. Only its owner can read it, because it contains
 * customer files and keys.
 */
export function lockDirectory(directory: string): { release(): void } {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const holder = lockHolder(directory);
  if (holder && holder !== process.pid) {
    throw new Error(
      `Already running here (pid ${holder}). Stop it with Ctrl-C, or: kill ${holder}`,
    );
  }
  writeFileSync(lockPath(directory), identityOf(process.pid) ?? '');
  return { release: () => rmSync(lockPath(directory), { force: true }) };
}
