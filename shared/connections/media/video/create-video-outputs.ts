import { stat } from 'node:fs/promises';
import { type Ffmpeg, readProgress } from '../ffmpeg/ffmpeg.ts';
import {
  maxBitsPerSecond,
  type VideoPresetName,
  fastStartArguments,
  videoArguments,
  videoPresets,
  ladderOf,
  maxVideoBytes,
  scaleFilter,
  hlsArguments,
  dimensionsFor,
} from './video-arguments.ts';
import { MediaFileErrors } from '../ffmpeg/media-file-errors.ts';
import type { ProbeResult } from '../ffmpeg/probe-result.ts';
import {
  createWaveform,
  type Loudness,
  loudnessArguments,
  maxPcmBytes,
  maxAudioBytes,
  waveformArguments,
  readLoudness,
  audioArguments,
} from '../audio/audio-arguments.ts';

/** A file that was made of a recording; there until the recording is closed. */
export interface DerivedFile {
  contentType: string;
  sizeBytes: number;
  width?: number;
  height?: number;
  /** Its bytes, once. */
  stream(): ReadableStream<Uint8Array>;
}

/** What a recording is worked on with. */
export interface MediaWorkspace {
  ffmpeg: Ffmpeg;
  facts: ProbeResult;
  /** A path in the directory of this recording. */
  at(name: string): string;
  maxSeconds: number;
  signal: AbortSignal | undefined;
}

type OnPercent = (percent: number) => void;

const POSTER_SIDE = 1280;
const POSTER_BYTES = 16 * 1024 * 1024;
const PROGRESS_BYTES = 32_000_000;

/** What can be made of a recording's pictures. */
export function createVideoOutputs({ ffmpeg, facts, at, maxSeconds, signal }: MediaWorkspace) {
  const requireVideo = () => {
    if (!facts.video) throw MediaFileErrors.Empty();
    return { ...facts, video: facts.video };
  };
  const bytesOf = (preset: VideoPresetName) => maxVideoBytes(videoPresets[preset], facts.durationMs);

  async function convert(preset: VideoPresetName, into: readonly string[], onPercent?: OnPercent) {
    const { video, ...known } = requireVideo();
    const film = videoArguments({ ...known, video }, videoPresets[preset], maxSeconds);
    await ffmpeg.run({
      convert: ['-progress', 'pipe:1', ...film, ...into],
      fileBytes: bytesOf(preset),
      onOutput: readProgress(facts.durationMs, onPercent ?? (() => {})),
      answerBytes: PROGRESS_BYTES,
      signal,
    });
    return dimensionsFor(video, videoPresets[preset].side);
  }

  return {
    ladder: facts.video ? ladderOf(facts.video) : [],
    bytesOf,
    sidesOf: (preset: VideoPresetName) => dimensionsFor(requireVideo().video, videoPresets[preset].side),
    bitsOf: (preset: VideoPresetName) => maxBitsPerSecond(videoPresets[preset]),

    async poster() {
      const { video } = requireVideo();
      const sides = dimensionsFor(
        video,
        (POSTER_SIDE * Math.min(video.width, video.height)) / Math.max(video.width, video.height),
      );
      // A little into it: many films begin in the dark.
      const start = Math.min(facts.durationMs / 10_000, 30).toFixed(3);
      const filters = `${scaleFilter(video, sides)},setsar=1,thumbnail=24,format=rgb24`;
      const { output } = await ffmpeg.run({
        before: ['-ss', start],
        convert: [
          ...['-map', '0:V:0', '-vf', filters, '-frames:v', '1'],
          ...['-c:v', 'png', '-f', 'image2pipe', 'pipe:1'],
        ],
        answerBytes: POSTER_BYTES,
        signal,
      });
      if (output.byteLength === 0) throw MediaFileErrors.Corrupt();
      return new Uint8Array(output);
    },

    async film(preset: VideoPresetName, onPercent?: OnPercent) {
      const to = at(`${preset}.mp4`);
      const sides = await convert(preset, fastStartArguments(to), onPercent);
      return { ...(await derived(to, 'video/mp4')), ...sides };
    },

    async rung(preset: VideoPresetName, onPercent?: OnPercent) {
      const [list, to] = [at(`${preset}.m3u8`), at(`${preset}.m4s`)];
      const sides = await convert(preset, hlsArguments(list, to), onPercent);
      const text = await Bun.file(list).text();
      return {
        file: { ...(await derived(to, 'video/mp4')), ...sides },
        playlist: (uri: string) => text.replaceAll(`${preset}.m4s`, uri),
      };
    },
  };
}

/** What can be made of a recording's sound. */
export function createAudioOutputs({ ffmpeg, facts, at, maxSeconds, signal }: MediaWorkspace) {
  const bytes = maxAudioBytes(facts.durationMs);
  return {
    bytes,

    async loudness(): Promise<Loudness> {
      const { complaint } = await ffmpeg.run({ convert: loudnessArguments, signal });
      return readLoudness(complaint);
    },

    async convert(loudness: Loudness, onPercent: OnPercent = () => {}): Promise<DerivedFile> {
      const to = at('sound.m4a');
      await ffmpeg.run({
        convert: ['-progress', 'pipe:1', ...audioArguments(facts, loudness, to)],
        fileBytes: bytes,
        onOutput: readProgress(facts.durationMs, onPercent),
        answerBytes: PROGRESS_BYTES,
        signal,
      });
      return derived(to, 'audio/mp4');
    },

    async peaks(): Promise<number[]> {
      const peaks = createWaveform(facts.durationMs);
      const answerBytes = maxPcmBytes(maxSeconds);
      await ffmpeg.run({ convert: waveformArguments, answerBytes, onOutput: peaks.add, signal });
      return peaks.result();
    },
  };
}

async function derived(path: string, contentType: string): Promise<DerivedFile> {
  const { size } = await stat(path);
  return { contentType, sizeBytes: size, stream: () => Bun.file(path).stream() };
}
