import { type BackendMessage, DataRowMessage } from 'pg-protocol/dist/messages';
import { Parser } from 'pg-protocol/dist/parser';

const DATA_ROW = 0x44;
const LENGTH_BYTES = 4;
/** Larger rows are not worth being read twice when it turns out that they have to be. */
const MAX_WHOLE = 65_536;

interface PacketParser {
  parse(bytes: Buffer, hear: (message: BackendMessage) => void): void;
  handlePacket(offset: number, code: number, length: number, bytes: Buffer): BackendMessage;
}

/** Its types keep to themselves what it is made of. */
const PacketParser = Parser as unknown as new () => PacketParser;

/** pg-protocol's parser, but the texts of a row come out of it in one piece and are cut there. */
export class RowParser extends PacketParser {
  override handlePacket(offset: number, code: number, length: number, bytes: Buffer) {
    if (code !== DATA_ROW) return super.handlePacket(offset, code, length, bytes);
    return new DataRowMessage(length, readRow(bytes, offset, length - LENGTH_BYTES));
  }
}

/** The values' texts of a row that takes `size` bytes. */
export function readRow(bytes: Buffer, offset: number, size: number): (string | null)[] {
  const whole = size > MAX_WHOLE ? '' : bytes.toString('utf8', offset, offset + size);
  // A letter of several bytes makes the text shorter than its bytes, and nothing makes it longer.
  const isPlain = whole.length === size;
  const texts: (string | null)[] = new Array(bytes.readInt16BE(offset));
  let at = offset + 2;
  for (let i = 0; i < texts.length; i++) {
    const length = bytes.readInt32BE(at);
    const start = at + LENGTH_BYTES;
    at = start + Math.max(0, length);
    if (length === -1) texts[i] = null;
    else if (isPlain) texts[i] = whole.substring(start - offset, at - offset);
    else texts[i] = bytes.toString('utf8', start, at);
  }
  return texts;
}
