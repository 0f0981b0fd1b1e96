/** Byte streams: reading, limits, throttling, counting and hashing in constant memory. */
export {
  type ByteMeter,
  collectBytes,
  createByteMeter,
  hashBytes,
  limitBytes,
} from './count-bytes.ts';
export { createStream } from './create-stream.ts';
export { type PipelineStatistics, pipeline, type Step } from './pipeline.ts';
export { type ByteSource, cancelSource, readChunks } from './read-chunks.ts';
export { throttleBytes } from './throttle-bytes.ts';
export { type Progress, trackProgress } from './track-progress.ts';
