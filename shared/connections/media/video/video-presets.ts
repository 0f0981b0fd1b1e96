import type { ProbeResult } from '../ffmpeg/probe-result.ts';

/** A video quality, named by its shorter side. */
export interface VideoPreset {
  /** Maximum length of the shorter side in pixels. */
  shortSide: number;
  videoKbps: number;
  audioKbps: number;
  level: string;
}

export const videoPresets = {
  '360p': { shortSide: 360, videoKbps: 800, audioKbps: 64, level: '3.1' },
  '720p': { shortSide: 720, videoKbps: 2_500, audioKbps: 96, level: '4.0' },
  '1080p': { shortSide: 1080, videoKbps: 5_000, audioKbps: 128, level: '4.2' },
} as const satisfies Record<string, VideoPreset>;
export type VideoPresetName = keyof typeof videoPresets;

export type VideoStream = NonNullable<ProbeResult['video']>;

/** The presets that do not enlarge a video, lowest first; at least the lowest. */
export function presetsFor({ width, height }: VideoStream): VideoPresetName[] {
  const names = Object.keys(videoPresets) as VideoPresetName[];
  const shortSide = Math.min(width, height);
  return names.filter((name, n) => n === 0 || videoPresets[name].shortSide <= shortSide);
}

/** The dimensions of a video scaled down to a shorter side; even numbers, never enlarged. */
export function scaledDimensions({ width, height }: VideoStream, shortSide: number) {
  const scale = Math.min(1, shortSide / Math.min(width, height));
  const toEven = (length: number) => Math.max(2, Math.round((length * scale) / 2) * 2);
  return { width: toEven(width), height: toEven(height) };
}

/** Upper bound of the size of a converted video. */
export const maxVideoBytes = ({ videoKbps, audioKbps }: VideoPreset, durationMs: number) =>
  Math.ceil(((videoKbps + audioKbps) * durationMs * 1.15) / 8) + 500_000;

/** Peak bitrate. */
export const maxBitsPerSecond = ({ videoKbps, audioKbps }: VideoPreset) =>
  (videoKbps + audioKbps) * 1_100;
