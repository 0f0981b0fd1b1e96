/** How far a stream has come; `percent` is 0 to 100, undefined while nobody knows the whole. */
export interface Progress {
  bytes: number;
  percent: number | undefined;
}

interface ProgressOptions {
  totalBytes?: number | undefined;
  /** Waited for, so that a slow listener slows the stream instead of being flooded. */
  onProgress(progress: Progress): unknown;
  /** How often it is told where the whole is unknown; 1 MiB. */
  everyBytes?: number;
}

/** Tells how far it is: at every whole percent, or every so many bytes, and at the end. */
export async function* trackProgress(
  chunks: AsyncIterable<Uint8Array>,
  { totalBytes, onProgress, everyBytes = 2 ** 20 }: ProgressOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stepOf = (bytes: number) =>
    totalBytes === undefined ? Math.floor(bytes / everyBytes) : percentOf(bytes, totalBytes);
  const tell = (bytes: number) =>
    onProgress({ bytes, percent: totalBytes === undefined ? undefined : stepOf(bytes) });
  let bytes = 0;
  let told = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    yield chunk;
    if (stepOf(bytes) <= stepOf(told)) continue;
    told = bytes;
    await tell(bytes);
  }
  if (told !== bytes || bytes === 0) await tell(bytes);
}

const percentOf = (bytes: number, totalBytes: number) =>
  totalBytes === 0 ? 100 : Math.min(100, Math.floor((bytes / totalBytes) * 100));
