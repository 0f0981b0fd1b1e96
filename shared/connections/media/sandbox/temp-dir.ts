import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BEGINNING = 'insightdesk-recording-';

let swept: Promise<void> | undefined;

/** A directory of one's own, to be removed by `remove`; what killed processes left goes first. */
export async function createTempDir(root = tmpdir()) {
  swept ??= deleteStaleTempDirs(root).catch(() => {});
  await swept;
  const directory = await mkdtemp(join(root, `${BEGINNING}${process.pid}-`));
  return {
    at: (name: string) => join(directory, name),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Removes the directories of processes that are no more, or had this one's id before it. */
export async function deleteStaleTempDirs(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const [, pid] = /^insightdesk-recording-(\d+)-/.exec(name) ?? [];
    if (!pid || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
    await rm(join(root, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
