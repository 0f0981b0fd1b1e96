import { MediaFileErrors } from '../ffmpeg/media-file-errors.ts';
import { audioOnly } from './audio-only.ts';

/** EBU R 128 loudness, as ffmpeg's `loudnorm` measures it. */
export interface Loudness {
  /** Of the whole file, in LUFS; -70 is silence. */
  integrated: number;
  /** In dBTP. */
  truePeak: number;
  /** In LU. */
  range: number;
  threshold: number;
  offset: number;
}

const TARGET_LUFS = -16;
const target = `I=${TARGET_LUFS}:TP=-1.5:LRA=11`;

export const loudnessArguments = [
  ...[...audioOnly, '-af', `loudnorm=${target}:print_format=json`, '-f', 'null', '-'],
];

/** Parses the JSON that `loudnorm` writes to standard error. */
export function parseLoudness(stderr: string): Loudness {
  const [text] = /\{[^{}]*"input_i"[^{}]*\}/.exec(stderr) ?? [];
  if (!text) throw MediaFileErrors.Corrupt();
  const measured = JSON.parse(text) as Record<string, string>;
  const clamp = (name: string, min: number, max: number) => {
    const value = Number(measured[name]);
    return Number.isNaN(value) ? min : Math.min(max, Math.max(min, value));
  };
  return {
    integrated: clamp('input_i', -70, 0),
    truePeak: clamp('input_tp', -99, 99),
    range: clamp('input_lra', 0, 99),
    threshold: clamp('input_thresh', -99, 0),
    offset: clamp('target_offset', -99, 99),
  };
}

/** Normalizes to -16 LUFS with one gain for the whole file; silence stays silent. */
export function normalizeFilter(loudness: Loudness): string {
  const { integrated, truePeak, range, threshold, offset } = loudness;
  if (integrated <= -69) return 'anull';
  const measured = `measured_I=${integrated}:measured_TP=${truePeak}:measured_LRA=${range}:measured_thresh=${threshold}:offset=${offset}:linear=true`;
  return `loudnorm=${target}:${measured}`;
}
