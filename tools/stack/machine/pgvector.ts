import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { osRelease } from './cache.ts';
import { buildVector, POSTGRES_MAJOR, type VectorFiles } from './pgvector-build.ts';
import { brewInstall, fetchDebs, type Log, progress } from './toolchain.ts';

/** The first Debian release that packages this major version. */
const FIRST_DEBIAN = 13;
const SUFFIX = process.platform === 'darwin' ? 'dylib' : 'so';

/** Adds pgvector to an unpacked PostgreSQL: from this machine, its packages, or the sources. */
export async function addVector(prefix: string, log: Log): Promise<void> {
  const workshop = join(prefix, 'workshop');
  mkdirSync(workshop);
  try {
    const { library, extension } = findInstalled() ?? (await fetchVector(workshop, log));
    cpSync(library, join(prefix, 'lib/postgresql', `vector.${SUFFIX}`));
    for (const name of readdirSync(extension).filter((file) => /^vector(\.|--)/.test(file))) {
      cpSync(join(extension, name), join(prefix, 'share/postgresql/extension', name));
    }
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

const debianFiles = (directory: string): VectorFiles => ({
  library: join(directory, `usr/lib/postgresql/${POSTGRES_MAJOR}/lib/vector.so`),
  extension: join(directory, `usr/share/postgresql/${POSTGRES_MAJOR}/extension`),
});

function findInstalled(): VectorFiles | undefined {
  const files = debianFiles('/');
  const found = existsSync(files.library) && existsSync(join(files.extension, 'vector.control'));
  return found ? files : undefined;
}

async function fetchVector(workshop: string, log: Log): Promise<VectorFiles> {
  if (process.platform === 'darwin') return fromHomebrew(log);
  const { ID, VERSION_ID, VERSION_CODENAME = '' } = osRelease();
  if (ID === 'debian' && Number(VERSION_ID) < FIRST_DEBIAN) return buildVector(workshop, log);
  return fromPackage(workshop, VERSION_CODENAME, log);
}

async function fromPackage(workshop: string, suite: string, log: Log): Promise<VectorFiles> {
  const name = `postgresql-${POSTGRES_MAJOR}-pgvector`;
  await progress(log, `fetching ${name}`, fetchDebs(workshop, [name], { SUITE: suite }));
  return debianFiles(workshop);
}

async function fromHomebrew(log: Log): Promise<VectorFiles> {
  await progress(log, 'brew install pgvector', brewInstall(['pgvector']));
  const prefix = (await runCommand(['brew', '--prefix', 'pgvector'])).trim();
  const major = `postgresql@${POSTGRES_MAJOR}`;
  return {
    library: join(prefix, 'lib', major, `vector.${SUFFIX}`),
    extension: join(prefix, 'share', major, 'extension'),
  };
}
