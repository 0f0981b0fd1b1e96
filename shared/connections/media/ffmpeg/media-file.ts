import { open } from 'node:fs/promises';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { type ByteSource, readChunks } from '@insightdesk/shared/streams';
import { createVideoOutputs, createAudioOutputs, type DerivedFile } from '../video/create-video-outputs.ts';
import { createFfmpeg, type FfmpegOptions } from './ffmpeg.ts';
import type { VideoPresetName } from '../video/video-arguments.ts';
import type { ProbeResult } from './probe-result.ts';
import { createTempDir } from '../sandbox/temp-dir.ts';
import type { Loudness } from '../audio/audio-arguments.ts';

type OnPercent = (percent: number) => void;

/** A video or a sound on its way through ffmpeg, in a directory of its own. */
export interface MediaFile {
  probe: ProbeResult;
  video: {
    /** The presets that it fills, the poorest first; none without pictures. */
    ladder: VideoPresetName[];
    /** As many at most. */
    bytesOf(preset: VideoPresetName): number;
    sidesOf(preset: VideoPresetName): { width: number; height: number };
    /** In a second, at its peak. */
    bitsOf(preset: VideoPresetName): number;
    /** One picture of it as a PNG of at most 1,280 pixels a side. */
    poster(): Promise<Uint8Array<ArrayBuffer>>;
    /** H.264 and AAC in an MP4 that plays before all of it is there. */
    film(preset: VideoPresetName, onPercent?: OnPercent): Promise<DerivedVideo>;
    /** For HTTP live streaming: all segments in one file, parts of `uri` in the playlist. */
    rung(
      preset: VideoPresetName,
      onPercent?: OnPercent,
    ): Promise<{ file: DerivedVideo; playlist(uri: string): string }>;
  };
  audio: {
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

export type DerivedVideo = DerivedFile & { width: number; height: number };

export interface OpenMediaFileOptions {
  /** Of the file that is read. */
  maxBytes: number;
  signal?: AbortSignal;
}

/**
 * Stores a recording and looks at it. Throws DomainValidationError RECORDING_CORRUPT, _EMPTY,
 * _TOO_LONG, _TOO_LARGE or _TOO_COSTLY (422), as all that is done with it does; a retryable
 * MediaToolsMissing without ffmpeg, a retryable MediaProcessError when that dies.
 */
export async function openMediaFile(
  source: ByteSource,
  { maxBytes, signal }: OpenMediaFileOptions,
  options: FfmpegOptions,
): Promise<MediaFile> {
  const { at, remove } = await createTempDir();
  try {
    const path = at('original');
    await store(source, path, maxBytes, signal);
    const ffmpeg = createFfmpeg(path, options);
    const facts = await ffmpeg.probe(signal);
    const place = { ffmpeg, facts, at, maxSeconds: options.maxSeconds, signal };
    return { probe, video: createVideoOutputs(place), audio: createAudioOutputs(place), close: remove };
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
