import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached, systemKey } from '../stack/machine/cache.ts';
import {
  fetchDebs,
  findProgram,
  type Log,
  libraryPath,
  progress,
} from '../stack/machine/toolchain.ts';
import { cacheDirectory } from '../stack/paths.ts';

const PROGRAMS = ['ffmpeg', 'ffprobe'];
/** Some of its libraries are in folders of their own. */
const FOLDERS = ['pulseaudio', 'blas', 'lapack'];

const name = () => `${systemKey()}-ffmpeg`;
const isOnPath = () => PROGRAMS.every((program) => findProgram(program));

/** Where ffmpeg is, or will be once it has been fetched; undefined when it is on PATH. */
export const mediaToolsDirectory = (): string | undefined =>
  isOnPath() ? undefined : join(cacheDirectory(), name(), 'programs');

/** Fetches ffmpeg unless this machine has it. A failure is only logged. */
export async function fetchMediaTools(log: Log): Promise<void> {
  try {
    await requireMediaTools(log);
  } catch (error) {
    log(`ffmpeg is missing, so video and audio jobs wait: ${(error as Error).message}`);
  }
}

/** The directory with ffmpeg and ffprobe, fetched if need be; undefined when they are on PATH. */
export async function requireMediaTools(log: Log): Promise<string | undefined> {
  const directory = mediaToolsDirectory();
  if (!directory || existsSync(directory)) return directory;
  if (process.platform === 'darwin') throw new Error('install it by: brew install ffmpeg');
  await cached(name(), async (draft) => {
    await progress(log, 'fetching ffmpeg', fetchDebs(draft, ['ffmpeg']));
    writePrograms(draft);
  });
  return directory;
}

/** Programs that find their libraries wherever they are, and without an environment. */
function writePrograms(directory: string) {
  const folder = join(directory, 'programs');
  mkdirSync(folder);
  const [own = ''] = libraryPath('$here').split(':');
  const libraries = [libraryPath('$here'), ...FOLDERS.map((one) => join(own, one))].join(':');
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
