import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCached, systemKey } from '../stack/machine/cache.ts';
import {
  fetchDebs,
  findProgram,
  type Log,
  libraryPath,
  logProgress,
} from '../stack/machine/toolchain.ts';
import { cacheDirectory } from '../stack/paths.ts';

const PROGRAMS = ['ffmpeg', 'ffprobe'];
/** Subfolders that contain some of its libraries. */
const FOLDERS = ['pulseaudio', 'blas', 'lapack'];

const name = () => `${systemKey()}-ffmpeg`;
const isOnPath = () => PROGRAMS.every((program) => findProgram(program));

/** The directory of ffmpeg after its download; undefined if it is on PATH. */
export const mediaToolsDirectory = (): string | undefined =>
  isOnPath() ? undefined : join(cacheDirectory(), name(), 'programs');

/** Downloads ffmpeg if it is missing. Only logs a failure. */
export async function fetchMediaTools(log: Log): Promise<void> {
  try {
    await requireMediaTools(log);
  } catch (error) {
    log(`ffmpeg is missing, so video and audio jobs wait: ${(error as Error).message}`);
  }
}

/** The directory of ffmpeg and ffprobe, downloaded if missing; undefined if they are on PATH. */
export async function requireMediaTools(log: Log): Promise<string | undefined> {
  const directory = mediaToolsDirectory();
  if (!directory || existsSync(directory)) return directory;
  if (process.platform === 'darwin') throw new Error('run: brew install ffmpeg');
  await ensureCached(name(), async (draft) => {
    await logProgress(log, 'fetching ffmpeg', fetchDebs(draft, ['ffmpeg']));
    writePrograms(draft);
  });
  return directory;
}

/** Writes scripts that start the programs with the path of their libraries. */
function writePrograms(directory: string) {
  const folder = join(directory, 'programs');
  mkdirSync(folder);
  const [folderOfLibraries = ''] = libraryPath('$here').split(':');
  const libraries = [
    libraryPath('$here'),
    ...FOLDERS.map((name) => join(folderOfLibraries, name)),
  ].join(':');
  for (const program of PROGRAMS) {
    const path = join(folder, program);
    const lines = [
      '#!/bin/sh',
      'here=$(cd "$(dirname "$0")/.." && pwd)',
      `LD_LIBRARY_PATH=${libraries} exec "$here/usr/bin/${program}" "$@"`,
    ];
    writeFileSync(path, `${lines.join('\n')}\n`);
    chmodSync(path, 0o755);
  }
}
