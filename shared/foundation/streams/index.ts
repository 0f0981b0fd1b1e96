/** Bytes on their way: read, limited, counted and hashed in constant memory. */
export { collectBytes, createMeter, limitBytes, type Meter } from './bytes.ts';
export { type ByteSource, readChunks } from './read-chunks.ts';
