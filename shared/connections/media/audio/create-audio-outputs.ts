import { readProgress } from '../ffmpeg/ffmpeg.ts';
import {
  type DerivedFile,
  derivedFile,
  MAX_PROGRESS_BYTES,
  type OnPercent,
  type Workspace,
} from '../ffmpeg/workspace.ts';
import { audioArguments, maxAudioBytes } from './audio-arguments.ts';
import { type Loudness, loudnessArguments, parseLoudness } from './loudness.ts';
import { createWaveform, maxPcmBytes, waveformArguments } from './waveform.ts';

/** Conversions of the audio stream of a media file. */
export interface AudioOutputs {
  /** Upper bound of the size of the converted file. */
  maxBytes: number;
  measureLoudness(): Promise<Loudness>;
  /** AAC, normalized to -16 LUFS. */
  convert(loudness: Loudness, onPercent?: OnPercent): Promise<DerivedFile>;
  /** 400 peak values from 0 to 1. */
  waveform(): Promise<number[]>;
}

export function createAudioOutputs(workspace: Workspace): AudioOutputs {
  const { ffmpeg, probe, pathOf, maxSeconds, signal } = workspace;
  const maxBytes = maxAudioBytes(probe.durationMs);
  return {
    maxBytes,

    async measureLoudness() {
      const { stderr } = await ffmpeg.run({ outputOptions: loudnessArguments, signal });
      return parseLoudness(stderr);
    },

    async convert(loudness, onPercent = () => {}) {
      const path = pathOf('audio.m4a');
      await ffmpeg.run({
        outputOptions: ['-progress', 'pipe:1', ...audioArguments(probe, loudness, path)],
        maxFileBytes: maxBytes,
        onOutput: readProgress(probe.durationMs, onPercent),
        maxOutputBytes: MAX_PROGRESS_BYTES,
        signal,
      });
      return derivedFile(path, 'audio/mp4');
    },

    async waveform() {
      const waveform = createWaveform(probe.durationMs);
      await ffmpeg.run({
        outputOptions: waveformArguments,
        maxOutputBytes: maxPcmBytes(maxSeconds),
        onOutput: waveform.add,
        signal,
      });
      return waveform.result();
    },
  };
}
