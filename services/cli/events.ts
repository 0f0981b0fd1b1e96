import { join } from 'node:path';
import { runCommand } from '@insightdesk/shared/boot';
import { root } from '../../tools/stack/paths.ts';
import { loadEnvironment, recordAct } from './operator.ts';

/** Runs the worker's replay command, because only the worker knows the effects of an event. */
export async function replayEvents([verb, ...words]: string[]): Promise<number> {
  if (verb !== 'replay') {
    console.error('Usage: bun run desk events replay --since <time> --to <target>');
    return 2;
  }
  const env = await loadEnvironment();
  await runCommand('desk', (app) => recordAct(app, 'events replay', words.join(' ')), env);
  const command = join(root, 'services', 'worker', 'replay-command.ts');
  const child = Bun.spawn([process.execPath, command, ...words], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return child.exited;
}
