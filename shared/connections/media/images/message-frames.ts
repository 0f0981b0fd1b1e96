/** Encodes a message between processes: the length of the JSON header, the header, binary parts. */
export function encodeFrame(head: object, ...parts: readonly Uint8Array[]): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.byteLength);
  return [length, json, ...parts];
}

interface FrameOptions<Head> {
  /** Limit of the header, and of the binary parts together. */
  maxBytes: number;
  /** Number of binary bytes after this header. */
  sizeOf(head: Head): number;
}

/** Reads messages one by one; undefined at the end. Throws RangeError for a message over `maxBytes`. */
export function readFrames<Head>(
  stream: ReadableStream<Uint8Array>,
  { maxBytes, sizeOf }: FrameOptions<Head>,
): () => Promise<{ head: Head; bytes: Buffer } | undefined> {
  const reader = stream.getReader();
  let buffered: Uint8Array[] = [];
  let length = 0;

  async function readBytes(count: number): Promise<Buffer | undefined> {
    if (!(count <= maxBytes)) throw new RangeError(`A message exceeds ${maxBytes} bytes`);
    while (length < count) {
      const { value } = await reader.read();
      if (!value) return undefined;
      buffered.push(value);
      length += value.byteLength;
    }
    const all = Buffer.concat(buffered);
    length -= count;
    buffered = length > 0 ? [all.subarray(count)] : [];
    return all.subarray(0, count);
  }

  return async () => {
    const size = await readBytes(4);
    const json = size && (await readBytes(size.readUInt32BE()));
    if (!json) return undefined;
    const head = JSON.parse(json.toString()) as Head;
    const bytes = await readBytes(sizeOf(head));
    return bytes && { head, bytes };
  };
}
