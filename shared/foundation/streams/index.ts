/** Byte streams: reading, limits, throttling, counting and hashing in constant memory. */
export { collectBytes, createByteMeter, hashBytes, limitBytes } from './count-bytes.ts';
export { createStream } from './create-stream.ts';
export { pipeline, type Step } from './pipeline.ts';
export { type ByteSource, readChunks } from './read-chunks.ts';
export { throttleBytes } from './throttle-bytes.ts';
export { type Progress, trackProgress } from './track-progress.ts';
