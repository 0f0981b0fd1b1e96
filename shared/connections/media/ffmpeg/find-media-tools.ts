import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MediaToolsMissingError } from './media-file-errors.ts';

export interface MediaTools {
  ffmpeg: string;
  ffprobe: string;
}

/** ffmpeg and ffprobe in a directory, else on PATH; looked for anew, as they may come later. */
export function requireMediaTools(directory: string | undefined): MediaTools {
  const find = (name: string) => {
    const own = directory && join(directory, name);
    return own && existsSync(own) ? own : Bun.which(name);
  };
  const [ffmpeg, ffprobe] = [find('ffmpeg'), find('ffprobe')];
  if (!ffmpeg || !ffprobe) throw new MediaToolsMissingError();
  return { ffmpeg, ffprobe };
}
