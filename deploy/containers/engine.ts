import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../verify/run.ts';

/** A way to run compose commands on this repository; `up` waits until everything is healthy. */
export interface Engine {
  /** What makes it ready on a machine that has never used it; quick when it is. */
  prepare: string[][];
  compose: string[];
  up: string[];
}

/** The container engine of this machine: one beside the repository, or Docker. */
export async function findEngine(): Promise<Engine | undefined> {
  const own = join(root, '../shared/containers/ctr');
  if (existsSync(own)) {
    return {
      prepare: [
        [own, 'setup'],
        [own, 'bases'],
      ],
      compose: [own, 'compose', root],
      up: [own, 'up', root],
    };
  }
  const docker = await run(['docker', 'info']).catch(() => undefined);
  if (docker?.exitCode !== 0) return undefined;
  const compose = ['docker', 'compose', '--project-directory', root];
  const up = [...compose, 'up', '--detach', '--wait'];
  return { prepare: [], compose, up };
}
