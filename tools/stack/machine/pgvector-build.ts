import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { fetchDebs, findProgram, type Log, libraryPath, logProgress } from './toolchain.ts';

/** The major version of PostgreSQL; an extension works with one major version only. */
export const POSTGRES_MAJOR = 17;
const VERSION = '0.8.0';
const SUITE = 'trixie';
/** The flags of its Makefile. No system library is linked, because the server has loaded all of them. */
const FLAGS =
  '-O2 -fPIC -shared -nostdlib -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math';

/** The shared library of the extension, and the directory of its control and SQL files. */
export interface PgvectorFiles {
  library: string;
  extension: string;
}

interface Compiler {
  command: string[];
  env: Record<string, string>;
}

/** Compiles pgvector from the source package of a newer Debian release. */
export async function buildPgvector(buildDirectory: string, log: Log): Promise<PgvectorFiles> {
  const headers = `postgresql-server-dev-${POSTGRES_MAJOR}`;
  const [compiler] = await logProgress(
    log,
    'fetching the sources of pgvector',
    Promise.all([
      findProgram('cc') ? { command: ['cc'], env: {} } : fetchCompiler(buildDirectory),
      fetchDebs(buildDirectory, [headers], { SUITE, SOURCE: 'pgvector' }),
    ]),
  );
  await runCommand(['tar', '-xzf', `pgvector_${VERSION}.orig.tar.gz`, '--strip-components=1'], {
    directory: buildDirectory,
  });
  await logProgress(log, 'compiling pgvector', compileWithAny(buildDirectory, compiler, log));
  await runCommand(['cp', 'sql/vector.sql', `sql/vector--${VERSION}.sql`], {
    directory: buildDirectory,
  });
  await runCommand(['cp', 'vector.control', 'sql'], { directory: buildDirectory });
  return { library: join(buildDirectory, 'vector.so'), extension: join(buildDirectory, 'sql') };
}

/** Downloads the packages of the compiler and unpacks them. */
async function fetchCompiler(buildDirectory: string): Promise<Compiler> {
  const directory = join(buildDirectory, 'compiler');
  await fetchDebs(directory, ['gcc', 'libc6-dev']);
  const programs = join(directory, 'usr/bin');
  return {
    command: [join(programs, 'gcc'), `--sysroot=${directory}`],
    env: { LD_LIBRARY_PATH: libraryPath(directory), PATH: `${programs}:${process.env.PATH}` },
  };
}

async function compileWithAny(buildDirectory: string, compiler: Compiler, log: Log) {
  try {
    await compile(buildDirectory, compiler);
  } catch (error) {
    if (compiler.command.length > 1) throw error;
    log('the compiler of this machine failed; fetching another one');
    await compile(buildDirectory, await fetchCompiler(buildDirectory));
  }
}

async function compile(buildDirectory: string, { command, env }: Compiler) {
  const include = `-Iusr/include/postgresql/${POSTGRES_MAJOR}/server`;
  await runCommand(
    [
      'sh',
      '-c',
      'exec "$@" -Isrc src/*.c -o vector.so -lgcc',
      'sh',
      ...command,
      ...FLAGS.split(' '),
      include,
    ],
    { directory: buildDirectory, env },
  );
}
