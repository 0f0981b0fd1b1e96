/** A message from one process to another: the length of its JSON, that, and as many bytes as it tells. */
export function encodeFrame(head: object, ...parts: readonly Uint8Array[]): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.byteLength);
  return [length, json, ...parts];
}

interface Expected<Head> {
  /** Of a whole message. */
  maxBytes: number;
  /** How many bytes follow after this JSON. */
  sizeOf(head: Head): number;
}

/** Reads one message after the other; undefined at the end. Throws RangeError for one that is too long. */
export function readFrames<Head>(
  stream: ReadableStream<Uint8Array>,
  { maxBytes, sizeOf }: Expected<Head>,
): () => Promise<{ head: Head; bytes: Buffer } | undefined> {
  const reader = stream.getReader();
  let come: Uint8Array[] = [];
  let length = 0;

  async function take(count: number): Promise<Buffer | undefined> {
    if (!(count <= maxBytes)) throw new RangeError('A message is too long');
    while (length < count) {
      const { value } = await reader.read();
      if (!value) return undefined;
      come.push(value);
      length += value.byteLength;
    }
    const all = Buffer.concat(come);
    length -= count;
    come = length > 0 ? [all.subarray(count)] : [];
    return all.subarray(0, count);
  }

  return async () => {
    const size = await take(4);
    const json = size && (await take(size.readUInt32BE()));
    if (!json) return undefined;
    const head = JSON.parse(json.toString()) as Head;
    const bytes = await take(sizeOf(head));
    return bytes && { head, bytes };
  };
}
