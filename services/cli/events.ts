import { join } from 'node:path';
import { accountName, loadEnvironment } from './operator.ts';

const COMMAND = join(import.meta.dir, '..', 'worker', 'replay-command.ts');

/** Runs the worker's replay command, because only the worker knows the effects of an event. */
export async function replayEvents([verb, ...words]: string[]): Promise<number> {
  if (verb !== 'replay') {
    console.error('Usage: desk events replay --since <time> --to <target>');
    return 2;
  }
  const operator = accountName();
  const by = operator ? ['--operator', operator] : [];
  const child = Bun.spawn([process.execPath, COMMAND, ...words, ...by], {
    env: await loadEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return child.exited;
}
