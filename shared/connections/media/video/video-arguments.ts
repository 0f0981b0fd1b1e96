import type { ProbeResult } from '../ffmpeg/probe-result.ts';
import { scaledDimensions, type VideoPreset, type VideoStream } from './video-presets.ts';

const MAX_FRAMES_PER_SECOND = 60;
const SEGMENT_SECONDS = 6;

/** A filter that scales a video; guesses the color matrix of a file that does not declare one. */
export function scaleFilter(
  video: VideoStream,
  { width, height }: { width: number; height: number },
): string {
  const matrix = video.hasColorSpace ? '' : `:in_color_matrix=${guessColorMatrix(video)}`;
  return `scale=${width}:${height}:flags=bicubic${matrix}`;
}

const guessColorMatrix = ({ width, height }: VideoStream) =>
  Math.min(width, height) >= 720 ? 'bt709' : 'bt601';

/** H.264 and AAC, as every browser plays them; without metadata, chapters and subtitles. */
export function videoArguments(
  { video, audio }: ProbeResult & { video: VideoStream },
  preset: VideoPreset,
  maxSeconds: number,
): string[] {
  const { videoKbps, audioKbps, level } = preset;
  const frames = Math.min(MAX_FRAMES_PER_SECOND, video.framesPerSecond);
  const scale = scaleFilter(video, scaledDimensions(video, preset.shortSide));
  const filters = `${scale}:out_color_matrix=bt709,format=yuv420p,setsar=1`;
  const colors = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'];
  return [
    ...['-map', '0:V:0', ...(audio ? ['-map', '0:a:0'] : []), '-sn', '-dn'],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-t', String(maxSeconds)],
    ...['-vf', filters, '-r', frames.toFixed(3), ...colors, '-color_range', 'tv'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-level', level],
    ...['-crf', '23', '-maxrate', `${videoKbps}k`, '-bufsize', `${videoKbps * 2}k`],
    ...['-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_SECONDS})`, '-threads', '2'],
    ...(audio ? ['-c:a', 'aac', '-b:a', `${audioKbps}k`, '-ac', '2', '-ar', '48000'] : []),
  ];
}

/** An MP4 that plays before it is downloaded completely. */
export const fastStartArguments = (path: string) => ['-movflags', '+faststart', '-f', 'mp4', path];

/** HLS with all segments in one file, which players read by byte ranges. */
export const hlsArguments = (playlist: string, file: string) => [
  ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod'],
  ...['-hls_segment_type', 'fmp4', '-hls_flags', 'single_file+independent_segments'],
  ...['-hls_segment_filename', file, playlist],
];
