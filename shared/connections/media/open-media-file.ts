import { open } from 'node:fs/promises';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { type ByteSource, readChunks } from '@insightdesk/shared/streams';
import { type AudioOutputs, createAudioOutputs } from './audio/create-audio-outputs.ts';
import { createFfmpeg, type FfmpegOptions } from './ffmpeg/ffmpeg.ts';
import type { ProbeResult } from './ffmpeg/probe-result.ts';
import { createTempDir } from './sandbox/temp-dir.ts';
import { createVideoOutputs, type VideoOutputs } from './video/create-video-outputs.ts';

/** A video or audio file, opened for conversion in a temporary directory. */
export interface MediaFile {
  probe: ProbeResult;
  video: VideoOutputs;
  audio: AudioOutputs;
  /** Removes all of its files. */
  close(): Promise<void>;
}

export interface OpenMediaFileOptions {
  /** Size limit of the source. */
  maxBytes: number;
  signal?: AbortSignal;
}

/**
 * Copies a media file to disk and probes it. Throws DomainValidationError RECORDING_CORRUPT, _EMPTY,
 * _TOO_LONG, _TOO_LARGE or _TOO_COSTLY (422), as do all conversions; a retryable
 * MediaToolsMissingError without ffmpeg, a retryable MediaProcessError when ffmpeg crashes.
 */
export async function openMediaFile(
  source: ByteSource,
  { maxBytes, signal }: OpenMediaFileOptions,
  options: FfmpegOptions,
): Promise<MediaFile> {
  const { pathOf, remove } = await createTempDir();
  try {
    const path = pathOf('original');
    await writeSource(source, path, maxBytes, signal);
    const ffmpeg = createFfmpeg(path, options);
    const probe = await ffmpeg.probe(signal);
    const workspace = { ffmpeg, probe, pathOf, maxSeconds: options.maxSeconds, signal };
    return {
      probe,
      video: createVideoOutputs(workspace),
      audio: createAudioOutputs(workspace),
      close: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function writeSource(
  source: ByteSource,
  path: string,
  maxBytes: number,
  signal?: AbortSignal,
) {
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
