import { expect, test } from 'bun:test';
import { createSealer } from './sealer.ts';

const sealer = createSealer('a-secret-of-the-test');

test('a token opens to its parts, for its own purpose only', () => {
  const token = sealer.seal('refresh', ['org_1', 'ses_2', '7']);
  expect(sealer.open('refresh', token)).toEqual(['org_1', 'ses_2', '7']);
  expect(sealer.open('invitation', token)).toBeUndefined();
  expect(createSealer('another-secret').open('refresh', token)).toBeUndefined();
});

test.each(['', '.', 'a.b', 'a.b.c', `${'x'.repeat(9999)}.y`])('%p does not open', (token) => {
  expect(sealer.open('refresh', token)).toBeUndefined();
});

test('a token has one spelling only', () => {
  const token = sealer.seal('refresh', ['org_1']);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (const last of letters.replace(token.slice(-1), '')) {
    expect(sealer.open('refresh', token.slice(0, -1) + last)).toBeUndefined();
  }
});

test('a changed body does not open', () => {
  const [, mac] = sealer.seal('refresh', ['org_1', 'ses_2', '7']).split('.');
  const body = Buffer.from('org_1 ses_2 8').toString('base64url');
  expect(sealer.open('refresh', `${body}.${mac}`)).toBeUndefined();
});
