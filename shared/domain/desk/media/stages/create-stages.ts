import { MAX_TEXT_BYTES, type Stage, type StageInput, storeVariant, textFile } from './stage.ts';
import { videoStages } from './video-stages.ts';

/** The stages of a media file, in their order. */
export function createStages(input: StageInput): Stage[] {
  const { probe } = input.file;
  if (probe.video) return videoStages(input);
  return probe.audio ? audioStages(input) : [];
}

/** Waveform and normalized audio. */
function audioStages(input: StageInput): Stage[] {
  const { file, loudness } = input;
  const { audio, probe } = file;
  if (!loudness) return [];
  return [
    {
      name: 'waveform',
      weight: 1,
      maxBytes: MAX_TEXT_BYTES,
      async run() {
        const { durationMs } = probe;
        const json = JSON.stringify({ durationMs, peaks: await audio.waveform() });
        return [await storeVariant(input, 'waveform', textFile('application/json', json))];
      },
    },
    {
      name: 'audio',
      weight: 4,
      maxBytes: audio.maxBytes,
      run: async (onPercent) => [
        await storeVariant(input, 'audio', await audio.convert(loudness, onPercent)),
      ],
    },
  ];
}
