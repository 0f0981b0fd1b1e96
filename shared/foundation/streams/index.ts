/** Bytes on their way: read, limited, slowed, counted and hashed in constant memory. */
export { collectBytes, createMeter, hashBytes, limitBytes, type Meter } from './bytes.ts';
export { createStream } from './create-stream.ts';
export { type PipelineStatistics, pipeline, type Step } from './pipeline.ts';
export { type ByteSource, cancelSource, readChunks } from './read-chunks.ts';
export { throttleBytes } from './throttle-bytes.ts';
export { type Progress, trackProgress } from './track-progress.ts';
