import { audioOnly } from './audio-only.ts';

const SAMPLE_RATE = 8_000;
const STEPS = 400;

export const waveformArguments = [
  ...[...audioOnly, '-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le', '-c:a', 'pcm_s16le'],
  'pipe:1',
];

/** Size of the PCM output, two bytes a sample. */
export const maxPcmBytes = (seconds: number) => seconds * SAMPLE_RATE * 2 + 1_000_000;

/** Computes 400 peak values from 0 to 1 of streamed 16-bit PCM, in constant memory. */
export function createWaveform(durationMs: number) {
  const samplesPerStep = Math.max(1, Math.ceil((durationMs / 1000) * SAMPLE_RATE) / STEPS);
  const maxima: number[] = Array(STEPS).fill(0);
  let sampleCount = 0;
  let oddByte: number | undefined;
  return {
    add(chunk: Uint8Array) {
      let start = 0;
      if (oddByte !== undefined && chunk.length > 0) {
        addSample(oddByte | ((chunk[0] as number) << 8));
        oddByte = undefined;
        start = 1;
      }
      for (; start + 1 < chunk.length; start += 2) {
        addSample((chunk[start] as number) | ((chunk[start + 1] as number) << 8));
      }
      if (start < chunk.length) oddByte = chunk[start];
    },
    result: () => maxima.map((maximum) => Math.round((maximum / 32_768) * 1000) / 1000),
  };

  function addSample(unsigned: number) {
    const amplitude = Math.abs((unsigned << 16) >> 16);
    const step = Math.min(STEPS - 1, Math.floor(sampleCount++ / samplesPerStep));
    if (amplitude > (maxima[step] as number)) maxima[step] = amplitude;
  }
}
