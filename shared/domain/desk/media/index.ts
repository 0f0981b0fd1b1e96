/** Videos and sounds: looked at, converted for every browser, with a poster or a waveform. */
export { cancelRecording } from './cancel-media.ts';
export * as recordingEvents from './events.ts';
export { getRecording } from './get-media.ts';
export { isRecording } from './is-recording.ts';
export * as recordingJobs from './jobs.ts';
export { prepareRecording } from './process-media.ts';
export { requestRecording } from './retry-media.ts';
