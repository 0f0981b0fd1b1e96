import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCached, systemKey } from '../stack/machine/cache.ts';
import { fetchDebs, findProgram, type Log, logProgress } from '../stack/machine/toolchain.ts';

const PROGRAM = 'prometheus-alertmanager';
const TEMPLATES = '/usr/share/prometheus/alertmanager';

/**
 * Alertmanager, installed on this machine or from the Debian package in the cache. Start it in the
 * directory of the program: Debian's build reads its templates from a directory of the system, and the
 * copy in the cache reads them from the working directory.
 */
export async function requireAlertmanager(log: Log): Promise<string> {
  const found = findProgram('alertmanager') ?? findProgram(PROGRAM);
  if (found) return found;
  const directory = await ensureCached(`${systemKey()}-alertmanager`, async (draft) => {
    const unpacked = join(draft, 'unpacked');
    mkdirSync(unpacked);
    await logProgress(log, 'fetching Alertmanager', fetchDebs(unpacked, [PROGRAM]));
    for (const name of ['default.tmpl', 'email.tmpl'])
      copyFileSync(join(unpacked, TEMPLATES, name), join(draft, name));
    const program = readFileSync(join(unpacked, 'usr/bin', PROGRAM));
    const here = '.'.padEnd(TEMPLATES.length, '/');
    for (let at = program.indexOf(TEMPLATES); at >= 0; at = program.indexOf(TEMPLATES, at + 1))
      program.write(here, at, 'latin1');
    writeFileSync(join(draft, PROGRAM), program, { mode: 0o755 });
    rmSync(unpacked, { recursive: true });
  });
  return join(directory, PROGRAM);
}
