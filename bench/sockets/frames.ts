/** Called for each frame with its first `PEEK_BYTES` bytes. */
export type OnFrame = (opcode: number, start: Uint8Array) => void;

export const PEEK_BYTES = 6;

/** Finds the WebSocket frames of a server without parsing their content. */
export function createFrameWalker(onFrame: OnFrame): (chunk: Uint8Array) => void {
  let rest: Uint8Array = new Uint8Array();
  /** Missing bytes of the last frame. */
  let missing = 0;

  return (chunk) => {
    let bytes = chunk;
    if (rest.length > 0) {
      bytes = Buffer.concat([rest, chunk]);
      rest = new Uint8Array();
    }
    let offset = Math.min(missing, bytes.length);
    missing -= offset;
    while (offset < bytes.length) {
      const head = readHead(bytes, offset);
      if (!head || bytes.length < head.body + Math.min(head.size, PEEK_BYTES)) {
        rest = bytes.slice(offset);
        return;
      }
      const { opcode, body, size } = head;
      onFrame(opcode, bytes.subarray(body, body + Math.min(size, PEEK_BYTES)));
      offset = Math.min(body + size, bytes.length);
      missing = body + size - offset;
    }
  };
}

function readHead(bytes: Uint8Array, start: number) {
  const opcode = (bytes[start] ?? 0) & 0x0f;
  const short = (bytes[start + 1] ?? 0) & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const body = start + 2 + lengthBytes;
  if (bytes.length < body) return undefined;
  let size = lengthBytes === 0 ? short : 0;
  for (let i = start + 2; i < body; i++) size = size * 256 + (bytes[i] ?? 0);
  return { opcode, body, size };
}

/** A short text frame with a mask of zeros, which does not change the text. */
export function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = body.length < 126 ? Buffer.alloc(6) : Buffer.alloc(8);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(0x80 | Math.min(body.length, 126), 1);
  if (body.length >= 126) head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}
