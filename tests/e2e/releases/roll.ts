import { renameSync, symlinkSync } from 'node:fs';
import type { startPrivateStack } from '../private-stack.ts';

type PrivateStack = Awaited<ReturnType<typeof startPrivateStack>>;

/** One of each kind at a time; the others serve. */
const waves = [
  ['api-1', 'websocket-1', 'worker-1'],
  ['api-2', 'websocket-2', 'worker-2'],
];

/** Moves the link in one step: whoever starts from now on is of this release. */
export function pointTo(link: string, tree: string): void {
  symlinkSync(tree, `${link}.next`);
  renameSync(`${link}.next`, link);
}

/** Replaces every service; between the waves both releases serve, for as long as `between` takes. */
export async function roll(
  stack: Pick<PrivateStack, 'restart'>,
  between: () => Promise<unknown>,
): Promise<void> {
  for (const [index, names] of waves.entries()) {
    if (index > 0) await between();
    await Promise.all(names.map((name) => stack.restart(name)));
  }
}
