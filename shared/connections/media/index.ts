/** What a file is, whether an image is sound, and what is derived from it. */

export type { DerivedFile } from './video/create-video-outputs.ts';
export type { VideoPresetName, Rendition } from './video/video-arguments.ts';
export { MediaProcessError } from './images/image-errors.ts';
export type { Variant, Variants } from './images/create-variants.ts';
export { createMedia, type Media, type MediaOptions } from './media.ts';
export type { MediaFile, DerivedVideo } from './ffmpeg/media-file.ts';
export { MediaToolsMissingError } from './ffmpeg/media-file-errors.ts';
export type { ProbeResult } from './ffmpeg/probe-result.ts';
export type { Loudness } from './audio/audio-arguments.ts';
export type { DerivedImage, ImageMetadata, ImageTransform } from './images/transform-image.ts';
