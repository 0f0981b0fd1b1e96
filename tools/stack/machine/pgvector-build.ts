import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { fetchDebs, findProgram, type Log, libraryPath, progress } from './toolchain.ts';

/** The major version of PostgreSQL the files are for: an extension fits its own only. */
export const POSTGRES_MAJOR = 17;
const VERSION = '0.8.0';
const SUITE = 'trixie';
/** Those of its Makefile. No system library is linked: what it needs, the server has loaded. */
const FLAGS =
  '-O2 -fPIC -shared -nostdlib -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math';

/** The extension: its shared library, and the directory of its control and SQL files. */
export interface VectorFiles {
  library: string;
  extension: string;
}

interface Compiler {
  command: string[];
  env: Record<string, string>;
}

/** Compiles pgvector from the sources of a newer release of this system, with its headers. */
export async function buildVector(buildDirectory: string, log: Log): Promise<VectorFiles> {
  const headers = `postgresql-server-dev-${POSTGRES_MAJOR}`;
  const [compiler] = await progress(
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
  await progress(log, 'compiling pgvector', compileWithAny(buildDirectory, compiler, log));
  await runCommand(['cp', 'sql/vector.sql', `sql/vector--${VERSION}.sql`], {
    directory: buildDirectory,
  });
  await runCommand(['cp', 'vector.control', 'sql'], { directory: buildDirectory });
  return { library: join(buildDirectory, 'vector.so'), extension: join(buildDirectory, 'sql') };
}

/** The compiler's own packages, unpacked and used from there. */
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
    log('the compiler of this machine could not; fetching another');
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
