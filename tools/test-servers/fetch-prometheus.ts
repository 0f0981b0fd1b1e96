import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCached, systemKey } from '../stack/machine/cache.ts';
import { fetchDebs, findProgram, type Log, logProgress } from '../stack/machine/toolchain.ts';

const PROGRAMS = ['prometheus', 'promtool'] as const;

type Programs = Record<(typeof PROGRAMS)[number], string>;

/** Prometheus and promtool, installed on this machine or from the Debian package in the cache. */
export async function requirePrometheus(log: Log): Promise<Programs> {
  const found = PROGRAMS.map((name) => [name, findProgram(name)]);
  if (found.every(([, path]) => path)) return Object.fromEntries(found);
  const directory = await ensureCached(`${systemKey()}-prometheus`, async (draft) => {
    const unpacked = join(draft, 'unpacked');
    mkdirSync(unpacked);
    await logProgress(log, 'fetching prometheus', fetchDebs(unpacked, ['prometheus']));
    for (const name of PROGRAMS) copyFileSync(join(unpacked, 'usr/bin', name), join(draft, name));
    rmSync(unpacked, { recursive: true });
  });
  return Object.fromEntries(PROGRAMS.map((name) => [name, join(directory, name)])) as Programs;
}
