/** Content types, image checks and variants, video and audio conversion. */

export type { Loudness } from './audio/loudness.ts';
export type { ProbeResult } from './ffmpeg/probe-result.ts';
export type { DerivedFile } from './ffmpeg/workspace.ts';
export type { ImageTransform } from './images/transform-image.ts';
export { createMedia, type ImageSource, type Media } from './media.ts';
export type { MediaFile } from './open-media-file.ts';
export { MediaProcessError } from './sandbox/media-process-error.ts';
export type { MediaCaller } from './take-turn.ts';
export type { VideoPresetName } from './video/video-presets.ts';
