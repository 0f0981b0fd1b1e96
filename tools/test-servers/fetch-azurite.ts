import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from '../stack/machine/cache.ts';
import { type Log, progress } from '../stack/machine/toolchain.ts';
import { runCommand } from '../stack/processes/run-command.ts';

const VERSION = '3.37.0';

/** The program of Azure's own emulator of its blob storage, from npm. */
export async function requireAzurite(log: Log): Promise<string> {
  const directory = await cached(`azurite-${VERSION}`, async (draft) => {
    writeFileSync(join(draft, 'package.json'), '{ "private": true }\n');
    const add = [process.execPath, 'add', '--exact', `azurite@${VERSION}`] as const;
    await progress(log, 'fetching azurite', runCommand([...add], { directory: draft }));
  });
  return join(directory, 'node_modules/azurite/dist/src/blob/main.js');
}
