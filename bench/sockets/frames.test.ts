import { expect, test } from 'bun:test';
import { createFrameWalker, textFrame } from './frames.ts';

/** An unmasked frame of a server. */
function frame(text: string): Buffer {
  const size = Buffer.byteLength(text);
  if (size < 126) return Buffer.concat([Buffer.from([0x81, size]), Buffer.from(text)]);
  const head = Buffer.from([0x81, 126, size >> 8, size & 255]);
  if (size < 65_536) return Buffer.concat([head, Buffer.from(text)]);
  const long = Buffer.alloc(10);
  long.set([0x81, 127]);
  long.writeBigUInt64BE(BigInt(size), 2);
  return Buffer.concat([long, Buffer.from(text)]);
}

const texts = ['2', `42["event",${'x'.repeat(300)}]`, '', '3', `42["other",${'y'.repeat(70_000)}]`];
const sent = Buffer.concat(texts.map(frame));

test.each([1, 2, 3, 7, 100, 1_000_000])(
  'createFrameWalker finds each frame in chunks of %d bytes',
  (length) => {
    const starts: string[] = [];
    const walk = createFrameWalker((opcode, start) => {
      starts.push(`${opcode} ${Buffer.from(start).toString()}`);
    });
    for (let offset = 0; offset < sent.length; offset += length)
      walk(sent.subarray(offset, offset + length));
    expect(starts).toEqual(texts.map((text) => `1 ${text.slice(0, 6)}`));
  },
);

test('textFrame sets the mask bit and the length', () => {
  expect([...textFrame('3')]).toEqual([0x81, 0x81, 0, 0, 0, 0, 0x33]);
  expect(textFrame('x'.repeat(200)).subarray(0, 4).toString('hex')).toBe('81fe00c8');
});
