import type { FairQueue } from '@insightdesk/shared/promises';
import type { ByteSource } from '@insightdesk/shared/streams';
import { type AudioOutputs, createAudioOutputs } from './audio/create-audio-outputs.ts';
import { createFfmpeg, type FfmpegOptions } from './ffmpeg/ffmpeg.ts';
import type { ProbeResult } from './ffmpeg/probe-result.ts';
import { copyToFile } from './sandbox/copy-to-file.ts';
import { createTempDir } from './sandbox/temp-dir.ts';
import { type MediaCaller, takeTurn } from './take-turn.ts';
import { createVideoOutputs, type VideoOutputs } from './video/create-video-outputs.ts';

/** A video or audio file, opened for conversion in a temporary directory. */
export interface MediaFile {
  probe: ProbeResult;
  video: VideoOutputs;
  audio: AudioOutputs;
  /** Removes all of its files; then the next file has its turn. */
  close(): Promise<void>;
}

export interface OpenMediaFileOptions extends MediaCaller {
  /** Size limit of the source. */
  maxBytes: number;
  /** Its conversion takes minutes: it waits for others of this kind, and has a lower priority. */
  isLong?: boolean;
}

/** The turns of files that are short, and of those that are long. */
export interface MediaFileQueues {
  short: FairQueue;
  long: FairQueue;
}

/** Opens the source when it is the turn of the file. */
export type OpenSource = () => Promise<ByteSource> | ByteSource;

const LONG_NICENESS = 19;

/**
 * Waits for its turn, copies a media file to disk and probes it. Throws DomainValidationError
 * RECORDING_CORRUPT, _EMPTY, _TOO_LONG, _TOO_LARGE or _TOO_COSTLY (422), as do all conversions; a
 * retryable MediaToolsMissingError without ffmpeg, a retryable MediaProcessError when ffmpeg crashes.
 */
export function openMediaFile(
  source: OpenSource,
  { isLong = false, ...options }: OpenMediaFileOptions,
  ffmpeg: FfmpegOptions,
  queues: MediaFileQueues,
): Promise<MediaFile> {
  const limits = isLong ? { ...ffmpeg, niceness: LONG_NICENESS } : ffmpeg;
  return new Promise((resolve, reject) => {
    const process = async () => {
      const closed = Promise.withResolvers<void>();
      const file = await openNow(source, options, limits, closed.resolve);
      resolve(file);
      await closed.promise;
    };
    takeTurn(isLong ? queues.long : queues.short, options, 0, process).catch(reject);
  });
}

async function openNow(
  source: OpenSource,
  { maxBytes, signal }: Pick<OpenMediaFileOptions, 'maxBytes' | 'signal'>,
  options: FfmpegOptions,
  onClosed: () => void,
): Promise<MediaFile> {
  const { pathOf, remove } = await createTempDir();
  try {
    const path = pathOf('original');
    await copyToFile(await source(), path, { maxBytes, signal });
    const ffmpeg = createFfmpeg(path, options);
    const probe = await ffmpeg.probe(signal);
    const workspace = { ffmpeg, probe, pathOf, maxSeconds: options.maxSeconds, signal };
    return {
      probe,
      video: createVideoOutputs(workspace),
      audio: createAudioOutputs(workspace),
      close: () => remove().finally(onClosed),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
