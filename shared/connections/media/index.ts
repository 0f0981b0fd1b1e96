/** What a file is, whether an image is sound, and what is derived from it. */

export type { DerivedFile } from './derive.ts';
export type { FilmPresetName, Rung } from './film.ts';
export { MediaProcessError } from './image-errors.ts';
export type { Variant, Variants } from './images.ts';
export { createMedia, type Media, type MediaOptions } from './media.ts';
export type { Recording, SizedFile } from './recording.ts';
export { MediaToolsMissing } from './recording-errors.ts';
export type { RecordingFacts } from './recording-facts.ts';
export type { Loudness } from './sound.ts';
export type { DerivedImage, ImageMetadata, ImageTransform } from './transform.ts';
