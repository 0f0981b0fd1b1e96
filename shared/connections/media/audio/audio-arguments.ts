import { MediaFileErrors } from '../ffmpeg/media-file-errors.ts';
import type { ProbeResult } from '../ffmpeg/probe-result.ts';

/** EBU R 128, as ffmpeg's `loudnorm` measures it. */
export interface Loudness {
  /** Of the whole, in LUFS; -70 is silence. */
  integrated: number;
  /** In dBTP. */
  truePeak: number;
  /** In LU. */
  range: number;
  threshold: number;
  offset: number;
}

export const TARGET_LUFS = -16;
const target = `I=${TARGET_LUFS}:TP=-1.5:LRA=11`;
const AUDIO_KBPS = 96;

export const maxAudioBytes = (durationMs: number) =>
  Math.ceil((AUDIO_KBPS * durationMs * 1.3) / 8) + 200_000;

const onlySound = ['-map', '0:a:0', '-vn', '-sn', '-dn'];

export const loudnessArguments = [
  ...[...onlySound, '-af', `loudnorm=${target}:print_format=json`, '-f', 'null', '-'],
];

/** Reads what `loudnorm` said at its end. */
export function readLoudness(complaint: string): Loudness {
  const [text] = /\{[^{}]*"input_i"[^{}]*\}/.exec(complaint) ?? [];
  if (!text) throw MediaFileErrors.Corrupt();
  const told = JSON.parse(text) as Record<string, string>;
  const number = (name: string, least: number, most: number) => {
    const value = Number(told[name]);
    return Number.isNaN(value) ? least : Math.min(most, Math.max(least, value));
  };
  return {
    integrated: number('input_i', -70, 0),
    truePeak: number('input_tp', -99, 99),
    range: number('input_lra', 0, 99),
    threshold: number('input_thresh', -99, 0),
    offset: number('target_offset', -99, 99),
  };
}

/** AAC of an even loudness, the same all through; what is silent stays so. */
export function audioArguments(
  { audio }: ProbeResult,
  loudness: Loudness,
  path: string,
): string[] {
  const { integrated, truePeak, range, threshold, offset } = loudness;
  const measured = `measured_I=${integrated}:measured_TP=${truePeak}:measured_LRA=${range}:measured_thresh=${threshold}:offset=${offset}:linear=true`;
  const filter = integrated <= -69 ? 'anull' : `loudnorm=${target}:${measured}`;
  const channels = String(Math.min(2, audio?.channels || 1));
  return [
    ...[...onlySound, '-map_metadata', '-1', '-map_chapters', '-1', '-af', filter],
    ...['-ac', channels, '-ar', '48000', '-c:a', 'aac', '-b:a', `${AUDIO_KBPS}k`],
    ...['-movflags', '+faststart', '-f', 'mp4', path],
  ];
}

const PEAKS_RATE = 8_000;
const PEAKS = 400;

export const waveformArguments = [
  ...[...onlySound, '-ac', '1', '-ar', String(PEAKS_RATE), '-f', 's16le', '-c:a', 'pcm_s16le'],
  'pipe:1',
];

/** Two bytes a sample. */
export const maxPcmBytes = (seconds: number) => seconds * PEAKS_RATE * 2 + 1_000_000;

/**
 * The waveform of a sound in 400 steps, 0 to 1, each the loudest of its time; told piece by piece,
 * in constant memory.
 */
export function createWaveform(durationMs: number) {
  const perStep = Math.max(1, Math.ceil((durationMs / 1000) * PEAKS_RATE) / PEAKS);
  const peaks: number[] = Array(PEAKS).fill(0);
  let at = 0;
  let odd: number | undefined;
  return {
    add(chunk: Uint8Array) {
      let start = 0;
      if (odd !== undefined && chunk.length > 0) {
        take(odd | ((chunk[0] as number) << 8));
        odd = undefined;
        start = 1;
      }
      for (; start + 1 < chunk.length; start += 2) {
        take((chunk[start] as number) | ((chunk[start + 1] as number) << 8));
      }
      if (start < chunk.length) odd = chunk[start];
    },
    result: () => peaks.map((peak) => Math.round((peak / 32_768) * 1000) / 1000),
  };

  function take(unsigned: number) {
    const loud = Math.abs((unsigned << 16) >> 16);
    const step = Math.min(PEAKS - 1, Math.floor(at++ / perStep));
    if (loud > (peaks[step] as number)) peaks[step] = loud;
  }
}
