import { join } from 'node:path';
import { cached, systemKey } from '../stack/machine/cache.ts';
import {
  fetchDebs,
  findPrograms,
  findUnpacked,
  type Log,
  libraryPath,
  progress,
  type Tool,
} from '../stack/machine/toolchain.ts';
import { runCommand } from '../stack/processes/run-command.ts';

/** Pebble, an ACME server, and a DNS server for it, from the cache. For tests. */
export async function requirePebble(log: Log): Promise<{ pebble: Tool; dns: Tool }> {
  const directory = await fetched('pebble', log);
  const pebble = findUnpacked(directory, 'pebble');
  const dns = findUnpacked(directory, 'pebble-challtestsrv');
  if (!pebble || !dns) throw new Error('pebble was fetched, but is not where it belongs');
  return { pebble, dns };
}

/** certbot: this machine's own, else Debian's from the cache, with a Python that can run it. */
export async function requireCertbot(log: Log): Promise<{ command: string; env: Tool['env'] }> {
  const [own] = findPrograms('certbot');
  if (own) return { command: own, env: {} };
  const directory = await fetched('certbot', log);
  const env = {
    PYTHONPATH: join(directory, 'usr/lib/python3/dist-packages'),
    PYTHONDONTWRITEBYTECODE: '1',
    LD_LIBRARY_PATH: libraryPath(directory),
  };
  const program = join(directory, 'usr/bin/certbot');
  // What was fetched fits the system's Python; the first on PATH may be another.
  const unpacked = findUnpacked(directory, 'python3')?.path;
  for (const path of [...(unpacked ? [unpacked] : []), ...findPrograms('python3')]) {
    const works = await runCommand([path, program, '--version'], { env }).then(
      () => true,
      () => false,
    );
    if (works) return { command: `${path} ${program}`, env };
  }
  throw new Error(`No python3 can use the packages in ${directory}`);
}

const fetched = (name: string, log: Log) =>
  cached(`${systemKey()}-${name}`, (draft) =>
    progress(log, `fetching ${name}`, fetchDebs(draft, [name])),
  );
