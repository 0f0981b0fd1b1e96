import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { cached, cachedDirectories, singleFlight, systemKey } from './cache.ts';

const PROGRESS_MS = 3000;
const SYSTEM_PATH = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', '/usr/local/bin'];
const MULTIARCH = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as Record<string, string>;

export type Log = (line: string) => void;

/** A program: where it is, and what it needs in its environment to run from there. */
export interface Tool {
  path: string;
  env: Record<string, string>;
}

/** What the stack needs besides PostgreSQL, and how packages call it. */
export const wantedTools = [
  { name: 'valkey', program: 'valkey-server', debian: 'valkey-server', homebrew: 'valkey' },
  { name: 'nginx', program: 'nginx', debian: 'nginx', homebrew: 'nginx' },
] as const;

type Tools = Record<(typeof wantedTools)[number]['name'], Tool>;

export const findProgram = (name: string) => findPrograms(name)[0];

/** Every program of that name, in the order in which PATH and the system's places hold them. */
export function findPrograms(name: string): string[] {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', ...SYSTEM_PATH];
  const found = folders.flatMap((folder) => Bun.which(name, { PATH: folder }) ?? []);
  return [...new Set(found)];
}

type Wanted = (typeof wantedTools)[number];

/** A program on PATH, or one fetched before. */
export function findTool({ program }: Wanted): Tool | undefined {
  const path = findProgram(program);
  if (path) return { path, env: {} };
  for (const directory of cachedDirectories(systemKey())) {
    const tool = findUnpacked(directory, program);
    if (tool) return tool;
  }
  return undefined;
}

/** Finds valkey-server and nginx on this machine, or fetches them into the cache of this user. */
export async function requireTools(log: Log): Promise<Tools> {
  const missing = wantedTools.filter((tool) => !findTool(tool));
  if (missing.length > 0) await fetchTools(missing, log);
  const tools = wantedTools.map((wanted) => {
    const tool = findTool(wanted);
    if (!tool) throw new Error(`${wanted.program} was fetched, but is not where it belongs`);
    return [wanted.name, tool];
  });
  return Object.fromEntries(tools);
}

async function fetchTools(missing: Wanted[], log: Log): Promise<void> {
  if (process.platform === 'darwin') {
    const names = missing.map(({ homebrew }) => homebrew);
    return progress(log, `brew install ${names.join(' ')}`, brewInstall(names));
  }
  const names = missing.map(({ debian }) => debian);
  await cached(`${systemKey()}-${names.join('-')}`, (draft) =>
    progress(log, `fetching ${names.join(', ')}`, fetchDebs(draft, names)),
  );
}

/** Downloads Debian packages, of another `SUITE` if asked, and unpacks them; nothing is installed. */
export async function fetchDebs(
  directory: string,
  names: string[],
  env: { SUITE?: string; SOURCE?: string } = {},
): Promise<void> {
  if (!findProgram('apt-get')) {
    throw new Error(
      `Missing: ${names.join(', ')}. This system has no apt-get to fetch them with; install them ` +
        'with its own package manager, so that they are on PATH, and start again.',
    );
  }
  const script = join(import.meta.dir, 'fetch-debs.sh');
  try {
    await runCommand(['sh', script, directory, ...names], { env });
  } catch (error) {
    const byHand = env.SUITE ? '' : `, or install by hand: apt-get install ${names.join(' ')}`;
    throw new Error(
      `Could not fetch ${names.join(', ')}${env.SUITE ? ` of ${env.SUITE}` : ''}. Check the network ` +
        `and apt's sources${byHand}.\n${(error as Error).message}`,
      { cause: error },
    );
  }
}

export async function brewInstall(names: string[]): Promise<void> {
  if (!findProgram('brew')) {
    throw new Error(`Missing: ${names.join(', ')}. Install Homebrew, or: brew install ${names}`);
  }
  await singleFlight(`brew ${names}`, () => runCommand(['brew', 'install', ...names]));
}

/** A program among unpacked packages, with their libraries. */
export function findUnpacked(directory: string, program: string): Tool | undefined {
  const path = ['usr/bin', 'usr/sbin', 'bin', 'sbin']
    .map((folder) => join(directory, folder, program))
    .find((candidate) => existsSync(candidate));
  return path ? { path, env: { LD_LIBRARY_PATH: libraryPath(directory) } } : undefined;
}

export const libraryPath = (directory: string) =>
  ['usr/lib', 'lib']
    .map((folder) => join(directory, folder, MULTIARCH[process.arch] ?? ''))
    .join(':');

/** Says what is being waited for, now and every few seconds. */
export async function progress<T>(log: Log, what: string, work: Promise<T>): Promise<T> {
  const startedAt = Date.now();
  log(what);
  const timer = setInterval(
    () => log(`${what}: ${Math.round((Date.now() - startedAt) / 1000)} s`),
    PROGRESS_MS,
  );
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** A program for tests: this machine's own, else that of Debian's package, from the cache. */
export async function requireProgram(program: string, name: string, log: Log): Promise<Tool> {
  const own = findProgram(program);
  if (own) return { path: own, env: {} };
  const directory = await cached(`${systemKey()}-${name}`, (draft) =>
    progress(log, `fetching ${name}`, fetchDebs(draft, [name])),
  );
  const tool = findUnpacked(directory, program);
  if (!tool) throw new Error(`${program} was fetched, but is not where it belongs`);
  return tool;
}
