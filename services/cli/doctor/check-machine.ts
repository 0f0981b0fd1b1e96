import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { findPostgres } from '../../../tools/stack/machine/postgres-files.ts';
import { findTool, requiredTools } from '../../../tools/stack/machine/toolchain.ts';
import { findUnprivileged } from '../../../tools/stack/machine/unprivileged.ts';
import { cacheDirectory, dataDirectory, root } from '../../../tools/stack/paths.ts';
import { checkBun } from './check-bun.ts';
import { type Diagnostic, diagnose } from './diagnostic.ts';

const MIN_NODE = 20;
const MIN_FREE_BYTES = 1024 ** 3;

/** Versions, programs, rights and room on this machine. */
export async function checkMachine(): Promise<Diagnostic[]> {
  return [
    checkNode(),
    checkBun(),
    ...requiredTools.map((tool) => {
      const found = findTool(tool)?.path;
      return found ? { name: tool.program, found } : fetchable(tool.program);
    }),
    checkPostgres(),
    checkAccount(),
    checkDirectory('data', dataDirectory()),
    checkDirectory('cache', cacheDirectory()),
  ];
}

function checkNode(): Diagnostic {
  const { stdout } = spawnSync('node', ['--version'], { encoding: 'utf8' });
  const version = stdout?.trim() ?? '';
  const isFine = Number.parseInt(version.slice(1), 10) >= MIN_NODE;
  return diagnose('node', version || 'missing', !isFine && `install Node.js ${MIN_NODE} or newer`);
}

const packageManager = () => Bun.which('apt-get') ?? Bun.which('brew');

function fetchable(program: string): Diagnostic {
  const manager = packageManager();
  if (manager)
    return { name: program, found: `not here yet; npm start fetches it with ${manager}` };
  const fix = `install ${program} with this system's package manager, so that it is on PATH`;
  return { name: program, found: 'missing', fix };
}

function checkPostgres(): Diagnostic {
  const found = findPostgres();
  return found ? { name: 'postgres', found } : fetchable('pgvector');
}

function checkAccount(): Diagnostic {
  const name = 'account';
  try {
    const [manager] = findUnprivileged().prefix;
    return { name, found: manager ? `root; PostgreSQL runs through ${manager}` : 'a plain user' };
  } catch (error) {
    return { name, found: 'root', fix: (error as Error).message };
  }
}

function checkDirectory(name: string, path: string): Diagnostic {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch {
    return { name, found: path, fix: `make it writable: chown -R "$(id -un)" ${path}` };
  }
  const { bavail, bsize } = statfsSync(existsSync(path) ? path : root);
  const hasSpace = bavail * bsize > MIN_FREE_BYTES;
  const found = `${path}, ${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free`;
  return diagnose(name, found, !hasSpace && 'free a gibibyte on that disk');
}
