import { constants, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeChunks } from '@insightdesk/shared/files';
import { sleep } from '@insightdesk/shared/promises';

const MAX_MOVE_ATTEMPTS = 20;
const MAX_ASYNC_MOVE_ATTEMPTS = 4;

/**
 * Writes and syncs a new file; deletes it on failure. `duringSync` runs after the last chunk, in
 * parallel with the sync.
 */
export async function writeDurably(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  duringSync: () => Promise<void> = async () => {},
) {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o640);
  try {
    await writeChunks(file, chunks);
    await settleAll([file.sync(), duringSync()]);
    await file.close();
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

type Move = readonly [from: string, to: string];

/**
 * Moves files into a folder, each atomically and in this order, and syncs the folder. Creates missing
 * folders.
 */
export async function moveDurably(...moves: readonly Move[]) {
  const changed = new Set<string>();
  for (const [from, to] of moves) {
    const created = await moveInto(from, to);
    const last = created ? dirname(created) : dirname(to);
    for (let path = dirname(to); path !== dirname(last); path = dirname(path)) changed.add(path);
  }
  // In parallel, because a disk combines simultaneous syncs.
  await settleAll([...changed].map(syncFolder));
}

// Another process may delete the empty folder between its creation and the move; a recursive mkdir
// that loses such a race fails with EEXIST.
async function moveInto(from: string, to: string): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (attempt > MAX_ASYNC_MOVE_ATTEMPTS) return moveSync(from, to);
      const created = await mkdir(dirname(to), { recursive: true });
      await rename(from, to);
      return created;
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'EEXIST') || attempt === MAX_MOVE_ATTEMPTS) throw error;
      // A random delay, so that both processes do not collide again.
      await sleep(Math.random() * attempt);
    }
  }
}

/** Synchronous, because on a busy machine the asynchronous move may lose the race every time. */
function moveSync(from: string, to: string): string | undefined {
  const created = mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
  return created;
}

/** Waits for all operations even when one fails, because the caller then closes their file. */
async function settleAll(operations: readonly Promise<void>[]) {
  const outcomes = await Promise.allSettled(operations);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function syncFolder(path: string) {
  try {
    await using folder = await open(path, 'r');
    await folder.sync();
  } catch (error) {
    // Deleted as empty by another process: there is nothing to sync.
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** Deletes empty folders from `path` upwards, except `root`. */
export async function pruneEmptyFolders(path: string, root: string) {
  try {
    for (let folder = path; folder !== root; folder = dirname(folder)) await rmdir(folder);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  }
}

/** Creates a folder, and deletes files in it that were last written more than `maxAgeMs` ago. */
export function openTempFolder(path: string, maxAgeMs: number) {
  mkdirSync(path, { recursive: true, mode: 0o750 });
  const oldestMs = Date.now() - maxAgeMs;
  for (const name of readdirSync(path)) {
    const file = join(path, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isFile() && stat.mtimeMs < oldestMs) rmSync(file, { force: true });
  }
}

/** Whether a file system error has one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' && codes.includes(code);
}
