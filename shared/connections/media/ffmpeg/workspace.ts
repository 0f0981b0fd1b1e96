import { stat } from 'node:fs/promises';
import type { Ffmpeg } from './ffmpeg.ts';
import type { ProbeResult } from './probe-result.ts';

/** What conversions of an open media file share. */
export interface Workspace {
  ffmpeg: Ffmpeg;
  probe: ProbeResult;
  /** A path in the temporary directory of the media file. */
  pathOf(name: string): string;
  maxSeconds: number;
  signal: AbortSignal | undefined;
}

/** A file converted from a media file; it exists until the media file is closed. */
export interface DerivedFile {
  contentType: string;
  sizeBytes: number;
  width?: number;
  height?: number;
  /** Can be read once. */
  stream(): ReadableStream<Uint8Array>;
}

export type OnPercent = (percent: number) => void;

/** Limit of ffmpeg's progress reports on standard output. */
export const MAX_PROGRESS_BYTES = 32_000_000;

export async function derivedFile(path: string, contentType: string): Promise<DerivedFile> {
  const { size } = await stat(path);
  return { contentType, sizeBytes: size, stream: () => Bun.file(path).stream() };
}
