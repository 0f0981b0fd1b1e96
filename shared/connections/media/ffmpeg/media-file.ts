import { open } from 'node:fs/promises';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { type ByteSource, readChunks } from '@insightdesk/shared/streams';
import { createFilms, createSounds, type DerivedFile } from '../video/create-video-outputs.ts';
import { createFfmpeg, type FfmpegOptions } from './ffmpeg.ts';
import type { FilmPresetName } from '../video/video-arguments.ts';
import type { RecordingFacts } from './probe-result.ts';
import { openScratch } from '../sandbox/temp-dir.ts';
import type { Loudness } from '../audio/audio-arguments.ts';

type OnPercent = (percent: number) => void;

/** A video or a sound on its way through ffmpeg, in a directory of its own. */
export interface Recording {
  facts: RecordingFacts;
  films: {
    /** The presets that it fills, the poorest first; none without pictures. */
    ladder: FilmPresetName[];
    /** As many at most. */
    bytesOf(preset: FilmPresetName): number;
    sidesOf(preset: FilmPresetName): { width: number; height: number };
    /** In a second, at its peak. */
    bitsOf(preset: FilmPresetName): number;
    /** One picture of it as a PNG of at most 1,280 pixels a side. */
    poster(): Promise<Uint8Array<ArrayBuffer>>;
    /** H.264 and AAC in an MP4 that plays before all of it is there. */
    film(preset: FilmPresetName, onPercent?: OnPercent): Promise<SizedFile>;
    /** For HTTP live streaming: all segments in one file, parts of `uri` in the playlist. */
    rung(
      preset: FilmPresetName,
      onPercent?: OnPercent,
    ): Promise<{ file: SizedFile; playlist(uri: string): string }>;
  };
  sounds: {
    /** As many at most. */
    bytes: number;
    loudness(): Promise<Loudness>;
    /** AAC at -16 LUFS. */
    convert(loudness: Loudness, onPercent?: OnPercent): Promise<DerivedFile>;
    /** 400 numbers from 0 to 1. */
    peaks(): Promise<number[]>;
  };
  /** Removes all of its files. */
  close(): Promise<void>;
}

export type SizedFile = DerivedFile & { width: number; height: number };

export interface OpenRecording {
  /** Of the file that is read. */
  maxBytes: number;
  signal?: AbortSignal;
}

/**
 * Stores a recording and looks at it. Throws DomainValidationError RECORDING_CORRUPT, _EMPTY,
 * _TOO_LONG, _TOO_LARGE or _TOO_COSTLY (422), as all that is done with it does; a retryable
 * MediaToolsMissing without ffmpeg, a retryable MediaProcessError when that dies.
 */
export async function openRecording(
  source: ByteSource,
  { maxBytes, signal }: OpenRecording,
  options: FfmpegOptions,
): Promise<Recording> {
  const { at, remove } = await openScratch();
  try {
    const path = at('original');
    await store(source, path, maxBytes, signal);
    const ffmpeg = createFfmpeg(path, options);
    const facts = await ffmpeg.probe(signal);
    const place = { ffmpeg, facts, at, maxSeconds: options.maxSeconds, signal };
    return { facts, films: createFilms(place), sounds: createSounds(place), close: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function store(source: ByteSource, path: string, maxBytes: number, signal?: AbortSignal) {
  const file = await open(path, 'wx', 0o600);
  try {
    let written = 0;
    for await (const chunk of readChunks(source)) {
      signal?.throwIfAborted();
      written += chunk.byteLength;
      if (written > maxBytes) throw new PayloadTooLargeError();
      await file.write(chunk);
    }
  } finally {
    await file.close();
  }
}
