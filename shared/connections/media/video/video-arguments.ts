import type { ProbeResult } from '../ffmpeg/probe-result.ts';

/** A quality of film, by its shorter side. */
export interface VideoPreset {
  /** Of the shorter side at most, in pixels. */
  side: number;
  videoKbps: number;
  audioKbps: number;
  level: string;
}

export const videoPresets = {
  '360p': { side: 360, videoKbps: 800, audioKbps: 64, level: '3.1' },
  '720p': { side: 720, videoKbps: 2_500, audioKbps: 96, level: '4.0' },
  '1080p': { side: 1080, videoKbps: 5_000, audioKbps: 128, level: '4.2' },
} as const satisfies Record<string, VideoPreset>;
export type VideoPresetName = keyof typeof videoPresets;

type Video = NonNullable<ProbeResult['video']>;

const MOST_FRAMES_PER_SECOND = 60;
export const SEGMENT_SECONDS = 6;

/** The presets that a film fills; the smallest at least. */
export function ladderOf({ width, height }: Video): VideoPresetName[] {
  const names = Object.keys(videoPresets) as VideoPresetName[];
  const side = Math.min(width, height);
  return names.filter((name, n) => n === 0 || videoPresets[name].side <= side);
}

/** The sides of a film in a preset: even, never enlarged. */
export function dimensionsFor({ width, height }: Video, side: number) {
  const share = Math.min(1, side / Math.min(width, height));
  const even = (length: number) => Math.max(2, Math.round((length * share) / 2) * 2);
  return { width: even(width), height: even(height) };
}

/** As many bytes at most. */
export const maxVideoBytes = ({ videoKbps, audioKbps }: VideoPreset, durationMs: number) =>
  Math.ceil(((videoKbps + audioKbps) * durationMs * 1.15) / 8) + 500_000;

/** In a second, at its peak. */
export const maxBitsPerSecond = ({ videoKbps, audioKbps }: VideoPreset) => (videoKbps + audioKbps) * 1_100;

/** Filters that make a picture of these sides; what does not say how its colours are meant is guessed. */
export function scaleFilter(video: Video, sides: { width: number; height: number }): string {
  const matrix = video.hasColours ? '' : `:in_color_matrix=${guessOf(video)}`;
  return `scale=${sides.width}:${sides.height}:flags=bicubic${matrix}`;
}

const guessOf = ({ width, height }: Video) => (Math.min(width, height) >= 720 ? 'bt709' : 'bt601');

/** H.264 and AAC, as every browser plays them; without metadata, chapters and subtitles. */
export function videoArguments(
  { video, audio }: ProbeResult & { video: Video },
  preset: VideoPreset,
  maxSeconds: number,
): string[] {
  const { videoKbps, audioKbps, level } = preset;
  const frames = Math.min(MOST_FRAMES_PER_SECOND, video.framesPerSecond);
  const filters = `${scaleFilter(video, dimensionsFor(video, preset.side))}:out_color_matrix=bt709,format=yuv420p,setsar=1`;
  const colours = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'];
  return [
    ...['-map', '0:V:0', ...(audio ? ['-map', '0:a:0'] : []), '-sn', '-dn'],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-t', String(maxSeconds)],
    ...['-vf', filters, '-r', frames.toFixed(3), ...colours, '-color_range', 'tv'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-level', level],
    ...['-crf', '23', '-maxrate', `${videoKbps}k`, '-bufsize', `${videoKbps * 2}k`],
    ...['-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_SECONDS})`, '-threads', '2'],
    ...(audio ? ['-c:a', 'aac', '-b:a', `${audioKbps}k`, '-ac', '2', '-ar', '48000'] : []),
  ];
}

/** One file that plays before all of it is there. */
export const fastStartArguments = (path: string) => ['-movflags', '+faststart', '-f', 'mp4', path];

/** HLS with all segments in one file, which is read by ranges. */
export const hlsArguments = (playlist: string, file: string) => [
  ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod'],
  ...['-hls_segment_type', 'fmp4', '-hls_flags', 'single_file+independent_segments'],
  ...['-hls_segment_filename', file, playlist],
];

/** A rung of the ladder: its playlist names `uri`, relative to itself. */
export interface Rendition {
  uri: string;
  width: number;
  height: number;
  bitsPerSecond: number;
  hasAudio: boolean;
}

/** The playlist of the ladder, the poorest first. */
export function masterPlaylist(rungs: readonly Rendition[]): string {
  const lines = rungs.flatMap(({ uri, width, height, bitsPerSecond, hasAudio }) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${bitsPerSecond},RESOLUTION=${width}x${height},CODECS="avc1.64002a${hasAudio ? ',mp4a.40.2' : ''}"`,
    uri,
  ]);
  return ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS', ...lines, ''].join('\n');
}
