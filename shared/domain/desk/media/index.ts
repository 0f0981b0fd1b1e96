/** Videos and sounds: looked at, converted for every browser, with a poster or a waveform. */
export { cancelMedia } from './cancel-media.ts';
export * as mediaEvents from './events.ts';
export { getMedia } from './get-media.ts';
export { isVideoOrAudio } from './is-recording.ts';
export * as mediaJobs from './jobs.ts';
export { processMedia } from './process-media.ts';
export { retryMedia } from './retry-media.ts';
