import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { osRelease } from './cache.ts';
import { buildPgvector, type PgvectorFiles, POSTGRES_MAJOR } from './pgvector-build.ts';
import { brewInstall, fetchDebs, type Log, logProgress } from './toolchain.ts';

/** The first Debian release that packages this major version. */
const FIRST_DEBIAN = 13;
const SUFFIX = process.platform === 'darwin' ? 'dylib' : 'so';

/** Adds pgvector to an unpacked PostgreSQL: installed on this machine, from packages, or from sources. */
export async function addPgvector(prefix: string, log: Log): Promise<void> {
  const buildDirectory = join(prefix, 'build');
  mkdirSync(buildDirectory);
  try {
    const { library, extension } = findInstalled() ?? (await fetchVector(buildDirectory, log));
    cpSync(library, join(prefix, 'lib/postgresql', `vector.${SUFFIX}`));
    for (const name of readdirSync(extension).filter((file) => /^vector(\.|--)/.test(file))) {
      cpSync(join(extension, name), join(prefix, 'share/postgresql/extension', name));
    }
  } finally {
    rmSync(buildDirectory, { recursive: true, force: true });
  }
}

const debianFiles = (directory: string): PgvectorFiles => ({
  library: join(directory, `usr/lib/postgresql/${POSTGRES_MAJOR}/lib/vector.so`),
  extension: join(directory, `usr/share/postgresql/${POSTGRES_MAJOR}/extension`),
});

function findInstalled(): PgvectorFiles | undefined {
  const files = debianFiles('/');
  const found = existsSync(files.library) && existsSync(join(files.extension, 'vector.control'));
  return found ? files : undefined;
}

async function fetchVector(buildDirectory: string, log: Log): Promise<PgvectorFiles> {
  if (process.platform === 'darwin') return fromHomebrew(log);
  const { ID, VERSION_ID, VERSION_CODENAME = '' } = osRelease();
  if (ID === 'debian' && Number(VERSION_ID) < FIRST_DEBIAN)
    return buildPgvector(buildDirectory, log);
  return fromPackage(buildDirectory, VERSION_CODENAME, log);
}

async function fromPackage(
  buildDirectory: string,
  suite: string,
  log: Log,
): Promise<PgvectorFiles> {
  const name = `postgresql-${POSTGRES_MAJOR}-pgvector`;
  await logProgress(log, `fetching ${name}`, fetchDebs(buildDirectory, [name], { SUITE: suite }));
  return debianFiles(buildDirectory);
}

async function fromHomebrew(log: Log): Promise<PgvectorFiles> {
  await logProgress(log, 'brew install pgvector', brewInstall(['pgvector']));
  const prefix = (await runCommand(['brew', '--prefix', 'pgvector'])).trim();
  const major = `postgresql@${POSTGRES_MAJOR}`;
  return {
    library: join(prefix, 'lib', major, `vector.${SUFFIX}`),
    extension: join(prefix, 'share', major, 'extension'),
  };
}
