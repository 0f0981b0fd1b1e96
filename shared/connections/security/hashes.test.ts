import { expect, test } from 'bun:test';
import { hmacSha256, safeEqual, sha256 } from './hashes.ts';

test('sha256 and hmacSha256: match published vectors', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(sha256(new Uint8Array([97, 98, 99]))).toBe(sha256('abc'));
  expect(hmacSha256('Jefe', 'what do ya want for nothing?').toString('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('safeEqual: compares content and length', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(safeEqual(bytes('same'), bytes('same'))).toBe(true);
  expect(safeEqual(bytes('same'), bytes('sane'))).toBe(false);
  expect(safeEqual(bytes('same'), bytes('same but longer'))).toBe(false);
});
