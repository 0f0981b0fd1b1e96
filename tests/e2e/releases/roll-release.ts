import { renameSync, symlinkSync } from 'node:fs';
import type { startPrivateStack } from '../private-stack.ts';

type PrivateStack = Awaited<ReturnType<typeof startPrivateStack>>;

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

/** Restarts all services in two waves. Both releases serve while `between` runs. */
export async function rollRelease(
  stack: Pick<PrivateStack, 'restart'>,
  between: () => Promise<unknown>,
): Promise<void> {
  for (const [index, names] of waves.entries()) {
    if (index > 0) await between();
    await Promise.all(names.map((name) => stack.restart(name)));
  }
}
