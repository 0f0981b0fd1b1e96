import type { Leftovers } from './orphans.ts';
import { type Listeners, type ProcessSpec, Supervised } from './supervised.ts';

export type Supervisor = ReturnType<typeof createSupervisor>;

interface Options extends Omit<Listeners, 'onChange'> {
  leftovers: Leftovers;
  onChange?: () => void;
}

/** Keeps named processes running until they are stopped. */
export function createSupervisor({ onChange = () => {}, ...options }: Options) {
  const listeners = { ...options, onChange };
  const processes = new Map<string, Supervised>();
  let closed = false;

  /** Starts a process and waits until it is ready; throws with its last lines if it ends before. */
  async function start(spec: ProcessSpec): Promise<void> {
    if (closed) throw new Error(`${spec.name} was not started: everything stops`);
    const supervised = new Supervised(spec, listeners);
    processes.set(spec.name, supervised);
    await supervised.start();
  }

  async function stop(...names: string[]): Promise<void> {
    await Promise.all(names.map((name) => processes.get(name)?.stop()));
    for (const name of names) processes.delete(name);
  }

  return {
    start,
    /** Stops these processes together, each as its specification says. */
    stop,
    async restart(name: string): Promise<void> {
      const spec = processes.get(name)?.spec;
      if (!spec) throw new Error(`No process is called ${name}`);
      await stop(name);
      await start(spec);
    },
    /** From now on nothing is started any more. */
    close() {
      closed = true;
    },
    names: () => [...processes.keys()],
    pid: (name: string) => processes.get(name)?.pid,
    /** Ends everything at once, without asking. */
    killAll() {
      closed = true;
      for (const supervised of processes.values()) supervised.kill();
    },
  };
}
