import { expect, test } from 'bun:test';
import { type NamedKey, sign, toSigningKeyPair, verify } from './signatures.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

test('signatures: Ed25519 matches RFC 8032 (7.1, test 2)', () => {
  const { privateKey, publicKey } = toSigningKeyPair(
    hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'),
  );
  expect(publicKey).toEqual(
    hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'),
  );
  expect(sign({ algorithm: 'ed25519', key: privateKey }, 'r').toString('hex')).toBe(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
});

test('signatures: HMAC matches RFC 4231 (test 2)', () => {
  const key = Buffer.from('Jefe');
  const made = sign({ algorithm: 'hmac-sha256', key }, 'what do ya want for nothing?');
  expect(made.toString('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('signatures: verification requires the same text, key and key id', () => {
  const pair = toSigningKeyPair(new Uint8Array(32).fill(7));
  const other = toSigningKeyPair(new Uint8Array(32).fill(8));
  const secret = new Uint8Array(32).fill(9);
  const known: NamedKey[] = [
    { id: 'one', algorithm: 'ed25519', key: pair.publicKey },
    { id: 'two', algorithm: 'ed25519', key: other.publicKey },
    { id: 'mac', algorithm: 'hmac-sha256', key: secret },
  ];
  const signature = sign({ algorithm: 'ed25519', key: pair.privateKey }, 'text');
  expect(verify(known, 'one', { text: 'text', signature })).toBe(true);
  expect(verify(known, 'one', { text: 'texts', signature })).toBe(false);
  for (const id of ['two', 'mac', 'none', '']) {
    expect(verify(known, id, { text: 'text', signature })).toBe(false);
  }
  const mac = sign({ algorithm: 'hmac-sha256', key: secret }, 'text');
  expect(verify(known, 'mac', { text: 'text', signature: mac })).toBe(true);
  expect(verify(known, 'mac', { text: 'text', signature: mac.subarray(1) })).toBe(false);
});
