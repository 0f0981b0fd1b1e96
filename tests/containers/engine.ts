import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../../tools/verify/run.ts';

/** Commands of a container engine. `up` waits until all services are healthy. */
export interface Engine {
  /** Commands that install the engine; fast if it is installed. */
  prepare: string[][];
  compose: string[];
  up: string[];
  /** `inspect`, `image inspect` and the like. */
  engine: string[];
}

const succeeds = async (command: string[]) =>
  (await run(command).catch(() => undefined))?.exitCode === 0;

/** Docker or Podman of this machine, or the engine beside the repository. */
export async function findEngine(): Promise<Engine | undefined> {
  for (const engine of ['docker', 'podman']) {
    const compose = [engine, 'compose', '--project-directory', root];
    if (!(await succeeds([engine, 'info'])) || !(await succeeds([...compose, 'version']))) continue;
    const up = [...compose, 'up', '--detach', '--wait'];
    return { prepare: [], compose, up, engine: [engine] };
  }
  const ctr = join(root, '../shared/containers/ctr');
  if (!existsSync(ctr)) return undefined;
  return {
    prepare: [
      [ctr, 'setup'],
      [ctr, 'bases'],
    ],
    compose: [ctr, 'compose', root],
    up: [ctr, 'up', root],
    engine: [ctr, 'podman'],
  };
}
