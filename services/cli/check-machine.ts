import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { findPostgres } from '../../tools/stack/machine/postgres-files.ts';
import { findTool, wantedTools } from '../../tools/stack/machine/toolchain.ts';
import { findUnprivileged } from '../../tools/stack/machine/unprivileged.ts';
import { cacheDirectory, dataDirectory, root } from '../../tools/stack/paths.ts';
import { checkBun } from './check-bun.ts';
import type { Finding } from './diagnostic.ts';

const OLDEST_NODE = 20;
const NEEDED_BYTES = 1024 ** 3;

/** Versions, programs, rights and room on this machine. */
export async function checkMachine(): Promise<Finding[]> {
  return [
    checkNode(),
    checkBun(),
    ...wantedTools.map((tool) => {
      const found = findTool(tool)?.path;
      return found ? { name: tool.program, found } : fetchable(tool.program);
    }),
    checkPostgres(),
    checkAccount(),
    checkDirectory('data', dataDirectory()),
    checkDirectory('cache', cacheDirectory()),
  ];
}

function checkNode(): Finding {
  const { stdout } = spawnSync('node', ['--version'], { encoding: 'utf8' });
  const version = stdout?.trim() ?? '';
  const isFine = Number.parseInt(version.slice(1), 10) >= OLDEST_NODE;
  const found = version || 'missing';
  return {
    name: 'node',
    found,
    ...(!isFine && { fix: `install Node.js ${OLDEST_NODE} or newer` }),
  };
}

const packageManager = () => Bun.which('apt-get') ?? Bun.which('brew');

function fetchable(program: string): Finding {
  const how = packageManager();
  if (how) return { name: program, found: `not here yet; npm start fetches it with ${how}` };
  const fix = `install ${program} with this system's package manager, so that it is on PATH`;
  return { name: program, found: 'missing', fix };
}

function checkPostgres(): Finding {
  const found = findPostgres();
  return found ? { name: 'postgres', found } : fetchable('pgvector');
}

function checkAccount(): Finding {
  const name = 'account';
  try {
    const [how] = findUnprivileged().prefix;
    return { name, found: how ? `root; PostgreSQL runs through ${how}` : 'a plain user' };
  } catch (error) {
    return { name, found: 'root', fix: (error as Error).message };
  }
}

function checkDirectory(name: string, path: string): Finding {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch {
    return { name, found: path, fix: `make it writable: chown -R "$(id -un)" ${path}` };
  }
  const { bavail, bsize } = statfsSync(existsSync(path) ? path : root);
  const isRoomy = bavail * bsize > NEEDED_BYTES;
  const found = `${path}, ${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free`;
  return { name, found, ...(!isRoomy && { fix: 'free a gibibyte on that disk' }) };
}
