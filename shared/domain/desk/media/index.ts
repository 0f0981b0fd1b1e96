/** Video and audio files: probed and converted for every browser, with a poster or a waveform. */

export * as mediaEvents from './events.ts';
export { getMedia, isVideoOrAudio } from './get-media.ts';
export * as mediaJobs from './jobs.ts';
export { processMedia } from './process-media.ts';
export { cancelMedia, retryMedia } from './retry-media.ts';
