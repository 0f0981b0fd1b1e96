import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MediaToolsMissingError } from './media-file-errors.ts';

export interface MediaTools {
  ffmpeg: string;
  ffprobe: string;
}

/**
 * Finds ffmpeg and ffprobe in a directory, else on PATH. Looks again on each call, because they may
 * be installed while the process runs. Throws MediaToolsMissingError.
 */
export function requireMediaTools(directory: string | undefined): MediaTools {
  const find = (name: string) => {
    const path = directory && join(directory, name);
    return path && existsSync(path) ? path : Bun.which(name);
  };
  const [ffmpeg, ffprobe] = [find('ffmpeg'), find('ffprobe')];
  if (!ffmpeg || !ffprobe) throw new MediaToolsMissingError();
  return { ffmpeg, ffprobe };
}
