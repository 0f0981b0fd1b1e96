import { type BackendMessage, DataRowMessage } from 'pg-protocol/dist/messages';
import { Parser } from 'pg-protocol/dist/parser';

const DATA_ROW = 0x44;
const LENGTH_BYTES = 4;
/** Larger rows are decoded value by value: decoding them twice would cost too much. */
const MAX_WHOLE_BYTES = 65_536;

interface PacketParser {
  parse(bytes: Buffer, onMessage: (message: BackendMessage) => void): void;
  handlePacket(offset: number, code: number, length: number, bytes: Buffer): BackendMessage;
}

/** The published types hide `handlePacket`. */
const PacketParser = Parser as unknown as new () => PacketParser;

/** pg-protocol's parser, with one decoding per row: the values are substrings of it. */
export class RowParser extends PacketParser {
  override handlePacket(offset: number, code: number, length: number, bytes: Buffer) {
    if (code !== DATA_ROW) return super.handlePacket(offset, code, length, bytes);
    return new DataRowMessage(length, readRow(bytes, offset, length - LENGTH_BYTES));
  }
}

/** The texts of a row's values; the row takes `size` bytes. */
export function readRow(bytes: Buffer, offset: number, size: number): (string | null)[] {
  const whole = size > MAX_WHOLE_BYTES ? '' : bytes.toString('utf8', offset, offset + size);
  // Multi-byte characters make the text shorter than its bytes.
  const isAscii = whole.length === size;
  const texts: (string | null)[] = new Array(bytes.readInt16BE(offset));
  let at = offset + 2;
  for (let i = 0; i < texts.length; i++) {
    const length = bytes.readInt32BE(at);
    const start = at + LENGTH_BYTES;
    at = start + Math.max(0, length);
    if (length === -1) texts[i] = null;
    else if (isAscii) texts[i] = whole.substring(start - offset, at - offset);
    else texts[i] = bytes.toString('utf8', start, at);
  }
  return texts;
}
