import { cached, systemKey } from '../stack/machine/cache.ts';
import {
  brewInstall,
  fetchDebs,
  findProgram,
  findPrograms,
  findUnpacked,
  type Log,
  progress,
} from '../stack/machine/toolchain.ts';
import { runCommand } from '../stack/processes/run-command.ts';

/** The first Debian release whose kubectl renders today's kustomizations. */
const SUITE = 'trixie';

/** Where a kubectl is that knows kustomize 5: on PATH, or fetched into the cache of this user. */
export async function requireKubectl(log: Log): Promise<string> {
  for (const path of findPrograms('kubectl')) if (await isRecent(path)) return path;
  if (process.platform === 'darwin') {
    await progress(log, 'brew install kubernetes-cli', brewInstall(['kubernetes-cli']));
    return findProgram('kubectl') ?? '';
  }
  const directory = await cached(`${systemKey()}-kubectl`, (draft) =>
    progress(log, 'fetching kubectl', fetchDebs(draft, [`kubectl/${SUITE}`], { SUITE })),
  );
  const path = findUnpacked(directory, 'kubectl')?.path;
  if (!path) throw new Error(`kubectl was fetched, but is not in ${directory}`);
  return path;
}

async function isRecent(path: string): Promise<boolean> {
  const said = await runCommand([path, 'version', '--client', '--output=json']).catch(() => '{}');
  return /^v(5\.|[6-9]|\d\d)/.test(JSON.parse(said).kustomizeVersion ?? '');
}
