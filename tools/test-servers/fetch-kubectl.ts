import { ensureCached, systemKey } from '../stack/machine/cache.ts';
import {
  brewInstall,
  fetchDebs,
  findProgram,
  findPrograms,
  findUnpacked,
  type Log,
  logProgress,
} from '../stack/machine/toolchain.ts';
import { runCommand } from '../stack/processes/run-command.ts';

/** The first Debian release whose kubectl contains kustomize 5. */
const SUITE = 'trixie';

/** Path of a kubectl with kustomize 5: on PATH, or downloaded into the cache. */
export async function requireKubectl(log: Log): Promise<string> {
  for (const path of findPrograms('kubectl')) if (await isRecent(path)) return path;
  if (process.platform === 'darwin') {
    await logProgress(log, 'brew install kubernetes-cli', brewInstall(['kubernetes-cli']));
    return findProgram('kubectl') ?? '';
  }
  const directory = await ensureCached(`${systemKey()}-kubectl`, (draft) =>
    logProgress(log, 'fetching kubectl', fetchDebs(draft, [`kubectl/${SUITE}`], { SUITE })),
  );
  const path = findUnpacked(directory, 'kubectl')?.path;
  if (!path) throw new Error(`kubectl is missing in ${directory}`);
  return path;
}

async function isRecent(path: string): Promise<boolean> {
  const version = await runCommand([path, 'version', '--client', '--output=json']).catch(
    () => '{}',
  );
  return /^v(5\.|[6-9]|\d\d)/.test(JSON.parse(version).kustomizeVersion ?? '');
}
