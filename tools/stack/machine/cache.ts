import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cacheDirectory } from '../paths.ts';
import { identityOf } from '../processes/process-identity.ts';

/** Name and version of the system, such as `debian-12-x64`, on which downloaded programs depend. */
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

/** Runs concurrent work with the same name once, for all callers in this process. */
export function singleFlight<T>(name: string, work: () => Promise<T>): Promise<T> {
  const running = inFlight.get(name) as Promise<T> | undefined;
  if (running) return running;
  const started = work().finally(() => inFlight.delete(name));
  inFlight.set(name, started);
  return started;
}

/** A directory of the cache. If it is missing, `build` fills a draft, which is renamed when it is complete. */
export const ensureCached = (
  name: string,
  build: (draft: string) => Promise<void>,
): Promise<string> =>
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
    // Another process may have created it at the same time.
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return directory;
}

/** The complete directories of the cache with this prefix. */
export function cachedDirectories(prefix: string): string[] {
  if (!existsSync(cacheDirectory())) return [];
  return readdirSync(cacheDirectory())
    .filter((name) => name.startsWith(prefix) && !name.endsWith('.draft'))
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
