import { join } from 'node:path';
import { runCommand } from '@insightdesk/shared/boot';
import { root } from '../../tools/stack/paths.ts';
import { surroundings } from './operator-environment.ts';
import { note } from './record-act.ts';

/** Hands over to the worker's own command: only the worker knows what follows from an event. */
export async function replayEvents([verb, ...words]: string[]): Promise<number> {
  if (verb !== 'replay') {
    console.error('Usage: bun run desk events replay --since <time> --to <consequence>');
    return 2;
  }
  const env = await surroundings();
  await runCommand('desk', (app) => note(app, 'events replay', words.join(' ')), env);
  const command = join(root, 'services', 'worker', 'replay-command.ts');
  const child = Bun.spawn([process.execPath, command, ...words], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return child.exited;
}
