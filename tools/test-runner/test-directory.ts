import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPidFiles, isLocked } from '../stack/processes/pid-files.ts';
import { alivePid, identityOf } from '../stack/processes/process-identity.ts';

const PREFIX = 'insightdesk-test-';
const MIN_AGE_MS = 60_000;
const ownerFile = (path: string) => join(path, 'owner');

/** A data directory for one test run, owned by this process. */
export function createTestDirectory() {
  const path = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(ownerFile(path), identityOf(process.pid) ?? '');
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Stops the processes and deletes the directories of test runs that were killed. */
export async function removeAbandonedDirectories(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name);
    if (!name.startsWith(PREFIX) || isLocked(path) || isOwned(path)) continue;
    await createPidFiles(join(path, 'processes')).stopOrphans();
    rmSync(path, { recursive: true, force: true });
  }
}

function isOwned(path: string): boolean {
  const owner = ownerFile(path);
  if (existsSync(owner)) return alivePid(readFileSync(owner, 'utf8')) !== undefined;
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - changed < MIN_AGE_MS;
}
