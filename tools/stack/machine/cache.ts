import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cacheDirectory } from '../paths.ts';
import { identityOf } from '../processes/process-identity.ts';

/** Name and version of the system, as in `debian-12-x64`: what fetched programs depend on. */
export function systemKey(): string {
  const { ID = process.platform, VERSION_ID = '' } = osRelease();
  return [ID, VERSION_ID, process.arch].filter(Boolean).join('-');
}

export function osRelease(): Record<string, string> {
  if (!existsSync('/etc/os-release')) return {};
  const lines = readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)="?(.*?)"?$/gm);
  return Object.fromEntries(Array.from(lines, ([, name, value]) => [name, value]));
}

const inFlight = new Map<string, Promise<unknown>>();

/** Work that several stacks of this process ask for at once is done once, for all of them. */
export function singleFlight<T>(name: string, work: () => Promise<T>): Promise<T> {
  const running = inFlight.get(name) as Promise<T> | undefined;
  if (running) return running;
  const started = work().finally(() => inFlight.delete(name));
  inFlight.set(name, started);
  return started;
}

/** A directory of the cache; `build` fills a draft, which appears under its name only when complete. */
export const cached = (name: string, build: (draft: string) => Promise<void>): Promise<string> =>
  singleFlight(name, () => createDirectory(join(cacheDirectory(), name), build));

async function createDirectory(
  directory: string,
  build: (draft: string) => Promise<void>,
): Promise<string> {
  if (existsSync(directory)) return directory;
  removeAbandonedDrafts(directory);
  const draft = `${directory}.${process.pid}.draft`;
  mkdirSync(draft, { recursive: true });
  try {
    await build(draft);
    renameSync(draft, directory);
  } catch (error) {
    // Another process may have put its own there in the same moment.
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return directory;
}

/** The complete directories of the cache whose names begin so. */
export function cachedDirectories(beginning: string): string[] {
  if (!existsSync(cacheDirectory())) return [];
  return readdirSync(cacheDirectory())
    .filter((name) => name.startsWith(beginning) && !name.endsWith('.draft'))
    .map((name) => join(cacheDirectory(), name));
}

function removeAbandonedDrafts(directory: string) {
  mkdirSync(dirname(directory), { recursive: true });
  for (const entry of readdirSync(dirname(directory))) {
    const [, pid] = /\.(\d+)\.draft$/.exec(entry) ?? [];
    if (!entry.startsWith(`${basename(directory)}.`) || !pid || identityOf(Number(pid))) continue;
    rmSync(join(dirname(directory), entry), { recursive: true, force: true });
  }
}
