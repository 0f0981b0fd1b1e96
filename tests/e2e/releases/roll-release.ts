import { renameSync, symlinkSync } from 'node:fs';
import { loadRun } from '../client.ts';

/** Services that are replaced at the same time, one of each kind. */
const waves = [
  ['api-1', 'websocket-1', 'worker-1'],
  ['api-2', 'websocket-2', 'worker-2'],
];

/** Replaces a symbolic link atomically. Processes that start afterwards run this release. */
export function switchLink(link: string, tree: string): void {
  symlinkSync(tree, `${link}.next`);
  renameSync(`${link}.next`, link);
}

/** Restarts all running services in two waves. Both releases serve while `between` runs. */
export async function rollRelease(
  restart: (name: string) => Promise<unknown>,
  between: () => Promise<unknown>,
): Promise<void> {
  for (const [index, names] of waves.entries()) {
    if (index > 0) await between();
    const running = loadRun().services.map(({ name }) => name);
    await Promise.all(names.filter((name) => running.includes(name)).map(restart));
  }
}
