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

/** Long enough to stop well; whoever takes longer survives a kill too. */
const STOP_MS = 3000;

export type PidFiles = ReturnType<typeof createPidFiles>;

/** What runs on behalf of a data directory, on disk, so that the next start can clean up after a kill -9. */
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
    /** Stops everything an earlier supervisor left running; returns their names. */
    async stopOrphans(): Promise<string[]> {
      const names = readdirSync(directory)
        .filter((entry) => entry.endsWith('.pid'))
        .map((entry) => entry.slice(0, -'.pid'.length));
      const running = names.filter((name) => signal(file(name)));
      const deadline = Date.now() + STOP_MS;
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
 * Sends a signal, its own stop signal by default, to a remembered process group; false when it is gone.
 * A group outlives its leader (nginx workers do): it is ours unless the leader's pid went to another.
 */
function signal(path: string, name?: NodeJS.Signals | 0): boolean {
  const [identity = '', stopSignal] = existsSync(path)
    ? readFileSync(path, 'utf8').split('\n')
    : [];
  const pid = Number.parseInt(identity, 10);
  if (!(pid > 1)) return false;
  const now = identityOf(pid);
  if (now === undefined) return signalGroup(pid, 'SIGKILL') && false;
  return now === identity && signalGroup(pid, name ?? (stopSignal as NodeJS.Signals));
}

const lockPath = (directory: string) => join(directory, 'supervisor.lock');

function lockHolder(directory: string): number | undefined {
  const path = lockPath(directory);
  return existsSync(path) ? alivePid(readFileSync(path, 'utf8')) : undefined;
}

/** Whether a supervisor works in a data directory. */
export const isLocked = (directory: string) => lockHolder(directory) !== undefined;

/**
 * Holds a data directory for one supervisor at a time; throws when another has it. Nobody but its
 * owner may look into it: customers' files and keys are there.
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
