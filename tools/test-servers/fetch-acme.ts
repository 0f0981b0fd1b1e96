import { join } from 'node:path';
import { ensureCached, systemKey } from '../stack/machine/cache.ts';
import {
  fetchDebs,
  findPrograms,
  findUnpacked,
  type Log,
  libraryPath,
  logProgress,
  type Tool,
} from '../stack/machine/toolchain.ts';
import { runCommand } from '../stack/processes/run-command.ts';

/** Pebble (an ACME server) and its DNS server, from the cache. */
export async function requirePebble(log: Log): Promise<{ pebble: Tool; dns: Tool }> {
  const directory = await fetchPackage('pebble', log);
  const pebble = findUnpacked(directory, 'pebble');
  const dns = findUnpacked(directory, 'pebble-challtestsrv');
  if (!pebble || !dns) throw new Error('pebble is missing in its package');
  return { pebble, dns };
}

/** certbot, installed on this machine or from the Debian package in the cache. */
export async function requireCertbot(log: Log): Promise<{ command: string; env: Tool['env'] }> {
  const [installed] = findPrograms('certbot');
  if (installed) return { command: installed, env: {} };
  const directory = await fetchPackage('certbot', log);
  const env = {
    PYTHONPATH: join(directory, 'usr/lib/python3/dist-packages'),
    PYTHONDONTWRITEBYTECODE: '1',
    LD_LIBRARY_PATH: libraryPath(directory),
  };
  const program = join(directory, 'usr/bin/certbot');
  // The packages work with the system's Python only; the first one on PATH may be another.
  const unpacked = findUnpacked(directory, 'python3')?.path;
  for (const path of [...(unpacked ? [unpacked] : []), ...findPrograms('python3')]) {
    const works = await runCommand([path, program, '--version'], { env }).then(
      () => true,
      () => false,
    );
    if (works) return { command: `${path} ${program}`, env };
  }
  throw new Error(`No python3 can import the packages in ${directory}`);
}

const fetchPackage = (name: string, log: Log) =>
  ensureCached(`${systemKey()}-${name}`, (draft) =>
    logProgress(log, `fetching ${name}`, fetchDebs(draft, [name])),
  );
