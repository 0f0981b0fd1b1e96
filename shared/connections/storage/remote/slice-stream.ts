/** A part of a stream: bytes before it are skipped, bytes after it are not read. */
export function sliceStream(
  stream: ReadableStream<Uint8Array>,
  { start, length }: { start: number; length: number },
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let [skipped, missing] = [start, length];
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (missing > 0) {
          const { value } = await reader.read();
          if (!value) break;
          const chunk = value.subarray(skipped).subarray(0, missing);
          skipped = Math.max(0, skipped - value.byteLength);
          missing -= chunk.byteLength;
          if (chunk.byteLength > 0) return controller.enqueue(chunk);
        }
        await reader.cancel();
        controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
