import type { PidFiles } from './pid-files.ts';
import { type Listeners, type ProcessSpec, SupervisedProcess } from './supervised-process.ts';

export type Supervisor = ReturnType<typeof createSupervisor>;

interface Options extends Omit<Listeners, 'onChange'> {
  pidFiles: PidFiles;
  onChange?: () => void;
}

/** Runs named processes and restarts them until they are stopped. */
export function createSupervisor({ onChange = () => {}, ...options }: Options) {
  const listeners = { ...options, onChange };
  const processes = new Map<string, SupervisedProcess>();
  let closed = false;

  /** Starts a process and waits until it is ready. Throws with its last lines if it ends before. */
  async function start(spec: ProcessSpec): Promise<void> {
    if (closed) throw new Error(`${spec.name} was not started: the supervisor is closed`);
    const supervised = new SupervisedProcess(spec, listeners);
    processes.set(spec.name, supervised);
    await supervised.start();
  }

  async function stop(...names: string[]): Promise<void> {
    await Promise.all(names.map((name) => processes.get(name)?.stop()));
    for (const name of names) processes.delete(name);
  }

  return {
    start,
    /** Stops these processes at the same time, with their stop signals and timeouts. */
    stop,
    async restart(name: string): Promise<void> {
      const spec = processes.get(name)?.spec;
      if (!spec) throw new Error(`Unknown process ${name}`);
      await stop(name);
      await start(spec);
    },
    /** Makes later starts fail. */
    close() {
      closed = true;
    },
    names: () => [...processes.keys()],
    pid: (name: string) => processes.get(name)?.pid,
    /** Kills all processes. */
    killAll() {
      closed = true;
      for (const supervised of processes.values()) supervised.kill();
    },
  };
}
