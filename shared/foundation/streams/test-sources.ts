/** Text as bytes. */
export const bytes = (text: string) => new TextEncoder().encode(text);

/** Never ends; tells when and why it is cancelled. */
export function endless(
  onCancel: (reason: unknown) => void = () => {},
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
    cancel: onCancel,
  });
}

/** Says one thing and then nothing. */
export async function* stuck(): AsyncGenerator<Uint8Array> {
  yield bytes('first');
  await new Promise(() => {});
}

/** Chunks of these lengths. */
export async function* pieces(...lengths: number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield new Uint8Array(length);
}

/** Reads to the end and tells how much there was. */
export async function drain(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of chunks) sizeBytes += chunk.byteLength;
  return sizeBytes;
}
