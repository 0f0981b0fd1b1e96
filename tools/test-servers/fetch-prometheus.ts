import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cached, systemKey } from '../stack/machine/cache.ts';
import { fetchDebs, findProgram, type Log, progress } from '../stack/machine/toolchain.ts';

const PROGRAMS = ['prometheus', 'promtool'] as const;

type Programs = Record<(typeof PROGRAMS)[number], string>;

/** Prometheus and promtool: this machine's own, else Debian's from the cache, of which little else is kept. */
export async function requirePrometheus(log: Log): Promise<Programs> {
  const found = PROGRAMS.map((name) => [name, findProgram(name)]);
  if (found.every(([, path]) => path)) return Object.fromEntries(found);
  const directory = await cached(`${systemKey()}-prometheus`, async (draft) => {
    const unpacked = join(draft, 'unpacked');
    mkdirSync(unpacked);
    await progress(log, 'fetching prometheus', fetchDebs(unpacked, ['prometheus']));
    for (const name of PROGRAMS) copyFileSync(join(unpacked, 'usr/bin', name), join(draft, name));
    rmSync(unpacked, { recursive: true });
  });
  return Object.fromEntries(PROGRAMS.map((name) => [name, join(directory, name)])) as Programs;
}
