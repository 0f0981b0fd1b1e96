import { constants, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeChunks } from '@insightdesk/shared/files';
import { sleep } from '@insightdesk/shared/promises';

const MOVE_ATTEMPTS = 20;
const PATIENT_ATTEMPTS = 4;

/**
 * Writes a new file and returns once the disk has it; removes it again when that fails. `meanwhile` is
 * done after the last chunk, while the disk is waited for.
 */
export async function writeDurably(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  meanwhile: () => Promise<void> = async () => {},
) {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o640);
  try {
    await writeChunks(file, chunks);
    await together([file.sync(), meanwhile()]);
    await file.close();
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

type Move = readonly [from: string, to: string];

/**
 * Moves files into one folder, each atomically and in this order, making it and those above; the disk
 * has all of it afterwards.
 */
export async function moveDurably(...moves: readonly Move[]) {
  const changed = new Set<string>();
  for (const [from, to] of moves) {
    const created = await moveInto(from, to);
    const last = created ? dirname(created) : dirname(to);
    for (let path = dirname(to); path !== dirname(last); path = dirname(path)) changed.add(path);
  }
  // At once, since a disk writes down together what it is asked for together.
  await together([...changed].map(syncFolder));
}

// Another process may prune the folder as empty between its making and the move; a recursive mkdir
// that loses such a race says EEXIST.
async function moveInto(from: string, to: string): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (attempt > PATIENT_ATTEMPTS) return moveAtOnce(from, to);
      const created = await mkdir(dirname(to), { recursive: true });
      await rename(from, to);
      return created;
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'EEXIST') || attempt === MOVE_ATTEMPTS) throw error;
      // Out of step with whoever prunes.
      await sleep(Math.random() * attempt);
    }
  }
}

/** Without a turn of the event loop in between: on a starved machine whoever prunes wins each. */
function moveAtOnce(from: string, to: string): string | undefined {
  const created = mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
  return created;
}

/** Waits for all of them, also when one fails: what it works with may be closed then. */
async function together(works: readonly Promise<void>[]) {
  const outcomes = await Promise.allSettled(works);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function syncFolder(path: string) {
  try {
    await using folder = await open(path, 'r');
    await folder.sync();
  } catch (error) {
    // Pruned meanwhile: then there is nothing in it to keep.
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** Removes folders from `path` upwards while they are empty, never `root` itself. */
export async function pruneEmptyFolders(path: string, root: string) {
  try {
    for (let folder = path; folder !== root; folder = dirname(folder)) await rmdir(folder);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  }
}

/** Makes a folder and removes from it what was last written more than `maxAgeMs` ago. */
export function openTempFolder(path: string, maxAgeMs: number) {
  mkdirSync(path, { recursive: true, mode: 0o750 });
  const oldestMs = Date.now() - maxAgeMs;
  for (const name of readdirSync(path)) {
    const file = join(path, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isFile() && stat.mtimeMs < oldestMs) rmSync(file, { force: true });
  }
}

/** Whether an error of the file system has one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' && codes.includes(code);
}
