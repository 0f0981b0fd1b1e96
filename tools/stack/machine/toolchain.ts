import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { cachedDirectories, ensureCached, singleFlight, systemKey } from './cache.ts';

const PROGRESS_MS = 3000;
const SYSTEM_PATH = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', '/usr/local/bin'];
const MULTIARCH = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as Record<string, string>;

export type Log = (line: string) => void;

/** A program and the environment that it needs. */
export interface Tool {
  path: string;
  env: Record<string, string>;
}

/** The programs of the stack besides PostgreSQL, and the names of their packages. */
export const requiredTools = [
  { name: 'valkey', program: 'valkey-server', debian: 'valkey-server', homebrew: 'valkey' },
  { name: 'nginx', program: 'nginx', debian: 'nginx', homebrew: 'nginx' },
] as const;

type Tools = Record<(typeof requiredTools)[number]['name'], Tool>;

export const findProgram = (name: string) => findPrograms(name)[0];

/** All programs of this name, in the order of PATH and the system directories. */
export function findPrograms(name: string): string[] {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', ...SYSTEM_PATH];
  const found = folders.flatMap((folder) => Bun.which(name, { PATH: folder }) ?? []);
  return [...new Set(found)];
}

type RequiredTool = (typeof requiredTools)[number];

/** A program on PATH or in the cache. */
export function findTool({ program }: RequiredTool): Tool | undefined {
  const path = findProgram(program);
  if (path) return { path, env: {} };
  for (const directory of cachedDirectories(systemKey())) {
    const tool = findUnpacked(directory, program);
    if (tool) return tool;
  }
  return undefined;
}

/** Finds valkey-server and nginx on this machine, or downloads them into the cache. */
export async function requireTools(log: Log): Promise<Tools> {
  const missing = requiredTools.filter((tool) => !findTool(tool));
  if (missing.length > 0) await fetchTools(missing, log);
  const tools = requiredTools.map((required) => {
    const tool = findTool(required);
    if (!tool) throw new Error(`${required.program} is missing in its package`);
    return [required.name, tool];
  });
  return Object.fromEntries(tools);
}

async function fetchTools(missing: RequiredTool[], log: Log): Promise<void> {
  if (process.platform === 'darwin') {
    const names = missing.map(({ homebrew }) => homebrew);
    return logProgress(log, `brew install ${names.join(' ')}`, brewInstall(names));
  }
  const names = missing.map(({ debian }) => debian);
  await ensureCached(`${systemKey()}-${names.join('-')}`, (draft) =>
    logProgress(log, `fetching ${names.join(', ')}`, fetchDebs(draft, names)),
  );
}

/** Downloads Debian packages, from `SUITE` if set, and unpacks them. Nothing is installed. */
export async function fetchDebs(
  directory: string,
  names: string[],
  env: { SUITE?: string; SOURCE?: string } = {},
): Promise<void> {
  if (!findProgram('apt-get')) {
    throw new Error(
      `Missing: ${names.join(', ')}. apt-get is missing on this system. Install them with its ` +
        'package manager, so that they are on PATH, and start again.',
    );
  }
  const script = join(import.meta.dir, 'fetch-debs.sh');
  try {
    await runCommand(['sh', script, directory, ...names], { env });
  } catch (error) {
    const hint = env.SUITE ? '' : `, or install them: apt-get install ${names.join(' ')}`;
    throw new Error(
      `Could not fetch ${names.join(', ')}${env.SUITE ? ` of ${env.SUITE}` : ''}. Check the network ` +
        `and apt's sources${hint}.\n${(error as Error).message}`,
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

/** A program in unpacked packages, with the path of their libraries. */
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

/** Logs the name of the work now and every few seconds until it ends. */
export async function logProgress<T>(log: Log, name: string, work: Promise<T>): Promise<T> {
  const startedAt = Date.now();
  log(name);
  const timer = setInterval(
    () => log(`${name}: ${Math.round((Date.now() - startedAt) / 1000)} s`),
    PROGRESS_MS,
  );
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** A program for tests: installed on this machine, or from a Debian package in the cache. */
export async function requireProgram(program: string, name: string, log: Log): Promise<Tool> {
  const installed = findProgram(program);
  if (installed) return { path: installed, env: {} };
  const directory = await ensureCached(`${systemKey()}-${name}`, (draft) =>
    logProgress(log, `fetching ${name}`, fetchDebs(draft, [name])),
  );
  const tool = findUnpacked(directory, program);
  if (!tool) throw new Error(`${program} is missing in its package`);
  return tool;
}
