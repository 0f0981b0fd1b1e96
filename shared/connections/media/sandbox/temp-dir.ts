import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'insightdesk-media-';

let cleaned: Promise<void> | undefined;

/** Creates a temporary directory; the first call deletes those that killed processes left. */
export async function createTempDir(root = tmpdir()) {
  cleaned ??= deleteStaleTempDirs(root).catch(() => {});
  await cleaned;
  const directory = await mkdtemp(join(root, `${PREFIX}${process.pid}-`));
  return {
    pathOf: (name: string) => join(directory, name),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Deletes the directories of processes that have ended, and of earlier ones with this process id. */
export async function deleteStaleTempDirs(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const [, pid] = /^insightdesk-media-(\d+)-/.exec(name) ?? [];
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
