import { expect, test } from 'bun:test';
import { readRow } from './row-parser.ts';

/** A DataRow's payload, behind some bytes of another message. */
function rowOf(values: (string | null)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from('before')];
  const int = (value: number, size: 2 | 4) => {
    const bytes = Buffer.alloc(size);
    bytes.writeIntBE(value, 0, size);
    parts.push(bytes);
  };
  int(values.length, 2);
  for (const value of values) {
    int(value === null ? -1 : Buffer.byteLength(value), 4);
    if (value !== null) parts.push(Buffer.from(value));
  }
  return Buffer.concat(parts);
}

const e = 'é';
test.each([
  [[]],
  [['plain', null, '', '0']],
  [['größe', null, 'x', '👍']],
  // Lengths with bytes that look like characters, beside texts that begin and end with them.
  [[e.repeat(0x61), 'a'.repeat(0xc3), e, 'b'.repeat(0xe2), '€', 'c'.repeat(0xc2a9)]],
  [['d'.repeat(70_000), 'after']],
  [['\u0000', '\ufffd', '\ufeffmark']],
])('the texts of a row are parsed: case %#', (values: (string | null)[]) => {
  const bytes = rowOf(values);
  expect(readRow(bytes, 6, bytes.length - 6)).toEqual(values);
});
