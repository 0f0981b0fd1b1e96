/** Videos and sounds: looked at, converted for every browser, with a poster or a waveform. */
export { cancelRecording } from './cancel-recording.ts';
export * as recordingEvents from './events.ts';
export { getRecording } from './get-recording.ts';
export { isRecording } from './is-recording.ts';
export * as recordingJobs from './jobs.ts';
export { prepareRecording } from './prepare-recording.ts';
export { requestRecording } from './request-recording.ts';
