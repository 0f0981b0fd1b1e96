import type { ProbeResult } from '../ffmpeg/probe-result.ts';
import { audioOnly } from './audio-only.ts';
import { type Loudness, normalizeFilter } from './loudness.ts';

const AUDIO_KBPS = 96;

/** Upper bound of the size of a converted file. */
export const maxAudioBytes = (durationMs: number) =>
  Math.ceil((AUDIO_KBPS * durationMs * 1.3) / 8) + 200_000;

/** AAC with normalized loudness; without metadata and chapters. */
export function audioArguments({ audio }: ProbeResult, loudness: Loudness, path: string): string[] {
  const channels = String(Math.min(2, audio?.channels || 1));
  const filter = normalizeFilter(loudness);
  return [
    ...[...audioOnly, '-map_metadata', '-1', '-map_chapters', '-1', '-af', filter],
    ...['-ac', channels, '-ar', '48000', '-c:a', 'aac', '-b:a', `${AUDIO_KBPS}k`],
    ...['-movflags', '+faststart', '-f', 'mp4', path],
  ];
}
