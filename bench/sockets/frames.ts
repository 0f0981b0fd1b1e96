/** Called per frame with its first bytes, at most `PEEK_BYTES` of them. */
export type OnFrame = (opcode: number, start: Uint8Array) => void;

export const PEEK_BYTES = 6;

/** Walks over the WebSocket frames that a server sends, without looking into them. */
export function createFrameWalker(onFrame: OnFrame): (chunk: Uint8Array) => void {
  let rest: Uint8Array = new Uint8Array();
  /** Bytes of the last frame that have not arrived yet. */
  let owed = 0;

  return (chunk) => {
    let bytes = chunk;
    if (rest.length > 0) {
      bytes = Buffer.concat([rest, chunk]);
      rest = new Uint8Array();
    }
    let at = Math.min(owed, bytes.length);
    owed -= at;
    while (at < bytes.length) {
      const head = readHead(bytes, at);
      if (!head || bytes.length < head.body + Math.min(head.size, PEEK_BYTES)) {
        rest = bytes.slice(at);
        return;
      }
      const { opcode, body, size } = head;
      onFrame(opcode, bytes.subarray(body, body + Math.min(size, PEEK_BYTES)));
      at = Math.min(body + size, bytes.length);
      owed = body + size - at;
    }
  };
}

function readHead(bytes: Uint8Array, at: number) {
  const opcode = (bytes[at] ?? 0) & 0x0f;
  const short = (bytes[at + 1] ?? 0) & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const body = at + 2 + lengthBytes;
  if (bytes.length < body) return undefined;
  let size = lengthBytes === 0 ? short : 0;
  for (let i = at + 2; i < body; i++) size = size * 256 + (bytes[i] ?? 0);
  return { opcode, body, size };
}

/** A short masked text frame; the mask of zeros leaves the text as it is. */
export function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = body.length < 126 ? Buffer.alloc(6) : Buffer.alloc(8);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(0x80 | Math.min(body.length, 126), 1);
  if (body.length >= 126) head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}
