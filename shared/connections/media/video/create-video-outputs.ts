import { readProgress } from '../ffmpeg/ffmpeg.ts';
import { MediaFileErrors } from '../ffmpeg/media-file-errors.ts';
import {
  type DerivedFile,
  derivedFile,
  MAX_PROGRESS_BYTES,
  type OnPercent,
  type Workspace,
} from '../ffmpeg/workspace.ts';
import {
  fastStartArguments,
  hlsArguments,
  scaleFilter,
  videoArguments,
} from './video-arguments.ts';
import {
  maxBitsPerSecond,
  maxVideoBytes,
  presetsFor,
  scaledDimensions,
  type VideoPresetName,
  videoPresets,
} from './video-presets.ts';

export type DerivedVideo = DerivedFile & { width: number; height: number };

/** Conversions of the video stream of a media file. */
export interface VideoOutputs {
  /** The presets that do not enlarge it, lowest first; none without a video stream. */
  presets: VideoPresetName[];
  /** Upper bound of the size of a converted file. */
  maxBytes(preset: VideoPresetName): number;
  dimensions(preset: VideoPresetName): { width: number; height: number };
  /** Peak bitrate. */
  maxBitsPerSecond(preset: VideoPresetName): number;
  /** A frame as a PNG of at most 1,280 pixels per side. */
  poster(): Promise<DerivedFile>;
  /** H.264 and AAC in an MP4 that plays before it is downloaded completely. */
  convertToMp4(preset: VideoPresetName, onPercent?: OnPercent): Promise<DerivedVideo>;
  /** HLS: all segments in one file, and a playlist of byte ranges of `uri`. */
  convertToHls(
    preset: VideoPresetName,
    onPercent?: OnPercent,
  ): Promise<{ file: DerivedVideo; playlist(uri: string): string }>;
}

const MAX_POSTER_SIDE = 1280;
const MAX_POSTER_BYTES = 16 * 1024 * 1024;

export function createVideoOutputs(workspace: Workspace): VideoOutputs {
  const { ffmpeg, probe, pathOf, maxSeconds, signal } = workspace;
  const requireVideo = () => {
    if (!probe.video) throw MediaFileErrors.Empty();
    return { ...probe, video: probe.video };
  };
  const maxBytes = (preset: VideoPresetName) =>
    maxVideoBytes(videoPresets[preset], probe.durationMs);
  const dimensions = (preset: VideoPresetName) =>
    scaledDimensions(requireVideo().video, videoPresets[preset].shortSide);

  async function convert(preset: VideoPresetName, to: readonly string[], onPercent?: OnPercent) {
    const output = videoArguments(requireVideo(), videoPresets[preset], maxSeconds);
    await ffmpeg.run({
      outputOptions: ['-progress', 'pipe:1', ...output, ...to],
      maxFileBytes: maxBytes(preset),
      onOutput: readProgress(probe.durationMs, onPercent ?? (() => {})),
      maxOutputBytes: MAX_PROGRESS_BYTES,
      signal,
    });
    return dimensions(preset);
  }

  return {
    presets: probe.video ? presetsFor(probe.video) : [],
    maxBytes,
    dimensions,
    maxBitsPerSecond: (preset) => maxBitsPerSecond(videoPresets[preset]),

    async poster() {
      const { video } = requireVideo();
      const scale = Math.min(video.width, video.height) / Math.max(video.width, video.height);
      const posterDimensions = scaledDimensions(video, MAX_POSTER_SIDE * scale);
      // Not the first frame: many videos begin in the dark.
      const start = Math.min(probe.durationMs / 10_000, 30).toFixed(3);
      const filters = `${scaleFilter(video, posterDimensions)},setsar=1,thumbnail=24,format=rgb24`;
      const path = pathOf('poster.png');
      await ffmpeg.run({
        inputOptions: ['-ss', start],
        outputOptions: [
          ...['-map', '0:V:0', '-vf', filters, '-frames:v', '1'],
          ...['-c:v', 'png', '-f', 'image2', '-update', '1', path],
        ],
        maxFileBytes: MAX_POSTER_BYTES,
        signal,
      });
      const poster = await derivedFile(path, 'image/png').catch(() => undefined);
      if (!poster?.sizeBytes) throw MediaFileErrors.Corrupt();
      return poster;
    },

    async convertToMp4(preset, onPercent) {
      const path = pathOf(`${preset}.mp4`);
      const converted = await convert(preset, fastStartArguments(path), onPercent);
      return { ...(await derivedFile(path, 'video/mp4')), ...converted };
    },

    async convertToHls(preset, onPercent) {
      const [list, path] = [pathOf(`${preset}.m3u8`), pathOf(`${preset}.m4s`)];
      const converted = await convert(preset, hlsArguments(list, path), onPercent);
      const text = await Bun.file(list).text();
      return {
        file: { ...(await derivedFile(path, 'video/mp4')), ...converted },
        playlist: (uri: string) => text.replaceAll(`${preset}.m4s`, uri),
      };
    },
  };
}
