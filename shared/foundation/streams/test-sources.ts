/** Text as bytes. */
export const toBytes = (text: string) => new TextEncoder().encode(text);

/** Never ends; calls `onCancel` with the reason. */
export function createUnlimitedSource(
  onCancel: (reason: unknown) => void = () => {},
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
    cancel: onCancel,
  });
}

/** Yields one chunk and then never another. */
export async function* createSilentSource(): AsyncGenerator<Uint8Array> {
  yield toBytes('first');
  await new Promise(() => {});
}

/** Chunks of these lengths. */
export async function* createChunks(...lengths: number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield new Uint8Array(length);
}

/** Reads to the end and returns the number of bytes. */
export async function countBytes(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of chunks) sizeBytes += chunk.byteLength;
  return sizeBytes;
}
