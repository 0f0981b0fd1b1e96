/** Progress of a stream; `percent` is 0 to 100, undefined when the total is unknown. */
export interface Progress {
  bytes: number;
  percent: number | undefined;
}

interface ProgressOptions {
  totalBytes?: number | undefined;
  /** Is awaited, so that a slow listener slows the stream down. */
  onProgress(progress: Progress): unknown;
  /** Interval of the reports when the total is unknown; 1 MiB. */
  intervalBytes?: number;
}

/** Reports progress at every whole percent, or after every `intervalBytes`, and at the end. */
export async function* trackProgress(
  chunks: AsyncIterable<Uint8Array>,
  { totalBytes, onProgress, intervalBytes = 2 ** 20 }: ProgressOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stepOf = (bytes: number) =>
    totalBytes === undefined ? Math.floor(bytes / intervalBytes) : percentOf(bytes, totalBytes);
  const report = (bytes: number) =>
    onProgress({ bytes, percent: totalBytes === undefined ? undefined : stepOf(bytes) });
  let bytes = 0;
  let reported = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    yield chunk;
    if (stepOf(bytes) <= stepOf(reported)) continue;
    reported = bytes;
    await report(bytes);
  }
  if (reported !== bytes || bytes === 0) await report(bytes);
}

const percentOf = (bytes: number, totalBytes: number) =>
  totalBytes === 0 ? 100 : Math.min(100, Math.floor((bytes / totalBytes) * 100));
