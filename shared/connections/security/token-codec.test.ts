import { expect, test } from 'bun:test';
import { createTokenCodec } from './token-codec.ts';

const codec = createTokenCodec('a-secret-of-the-test');

test('token codec: a token decodes to its parts, for its purpose only', () => {
  const token = codec.encode('refresh', ['org_1', 'ses_2', '7']);
  expect(codec.decode('refresh', token)).toEqual(['org_1', 'ses_2', '7']);
  expect(codec.decode('invitation', token)).toBeUndefined();
  expect(createTokenCodec('another-secret').decode('refresh', token)).toBeUndefined();
});

test.each(['', '.', 'a.b', 'a.b.c', `${'x'.repeat(9999)}.y`])(
  'token codec: %p is refused',
  (token) => {
    expect(codec.decode('refresh', token)).toBeUndefined();
  },
);

test('token codec: another encoding of the same bytes is refused', () => {
  const token = codec.encode('refresh', ['org_1']);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (const last of alphabet.replace(token.slice(-1), '')) {
    expect(codec.decode('refresh', token.slice(0, -1) + last)).toBeUndefined();
  }
});

test('token codec: a changed body is refused', () => {
  const [, mac] = codec.encode('refresh', ['org_1', 'ses_2', '7']).split('.');
  const body = Buffer.from('org_1 ses_2 8').toString('base64url');
  expect(codec.decode('refresh', `${body}.${mac}`)).toBeUndefined();
});
