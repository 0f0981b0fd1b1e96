import { audioStages } from './audio-stages.ts';
import type { Stage, StageInput } from './stage.ts';
import { videoStages } from './video-stages.ts';

/** The stages of a media file, in their order. */
export function createStages(input: StageInput): Stage[] {
  const { probe } = input.file;
  if (probe.video) return videoStages(input);
  return probe.audio ? audioStages(input) : [];
}
