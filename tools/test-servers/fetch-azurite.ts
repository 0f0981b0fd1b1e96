import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCached } from '../stack/machine/cache.ts';
import { type Log, logProgress } from '../stack/machine/toolchain.ts';
import { runCommand } from '../stack/processes/run-command.ts';

const VERSION = '3.37.0';

/** Path of Azurite, the emulator of Azure Blob Storage, from npm. */
export async function requireAzurite(log: Log): Promise<string> {
  const directory = await ensureCached(`azurite-${VERSION}`, async (draft) => {
    writeFileSync(join(draft, 'package.json'), '{ "private": true }\n');
    const command = [process.execPath, 'add', '--exact', `azurite@${VERSION}`] as const;
    await logProgress(log, 'fetching azurite', runCommand([...command], { directory: draft }));
  });
  return join(directory, 'node_modules/azurite/dist/src/blob/main.js');
}
