import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../../tools/verify/run.ts';

/** A way to run compose commands on this repository; `up` waits until everything is healthy. */
export interface Engine {
  /** What makes it ready on a machine that has never used it; quick when it is. */
  prepare: string[][];
  compose: string[];
  up: string[];
  /** `inspect`, `image inspect` and the like. */
  engine: string[];
}

const answers = async (command: string[]) =>
  (await run(command).catch(() => undefined))?.exitCode === 0;

/** The container engine of this machine: Docker or Podman, or one beside the repository. */
export async function findEngine(): Promise<Engine | undefined> {
  for (const engine of ['docker', 'podman']) {
    const compose = [engine, 'compose', '--project-directory', root];
    if (!(await answers([engine, 'info'])) || !(await answers([...compose, 'version']))) continue;
    const up = [...compose, 'up', '--detach', '--wait'];
    return { prepare: [], compose, up, engine: [engine] };
  }
  const own = join(root, '../shared/containers/ctr');
  if (!existsSync(own)) return undefined;
  return {
    prepare: [
      [own, 'setup'],
      [own, 'bases'],
    ],
    compose: [own, 'compose', root],
    up: [own, 'up', root],
    engine: [own, 'podman'],
  };
}
