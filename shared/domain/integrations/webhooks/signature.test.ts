import { expect, test } from 'bun:test';
import { verify as verifySignature } from '@insightdesk/shared/utils';
import { Webhook } from 'standardwebhooks';
import { newKeys, signedHeaders } from './signature.ts';

const newSecret = () => newKeys().secret;

const body = JSON.stringify({ type: 'message.created', data: { body: 'Grüße ✓' } });
const letter = { id: 'evt_1', at: new Date(), body };

test('the official library verifies it', () => {
  const secret = newSecret();
  expect(new Webhook(secret).verify(body, signedHeaders(letter, [secret]))).toEqual(
    JSON.parse(body),
  );
});

test('while a secret is replaced, either verifies it', () => {
  const [old, fresh] = [newSecret(), newSecret()];
  const headers = signedHeaders(letter, [fresh, old]);
  for (const secret of [old, fresh]) new Webhook(secret).verify(body, headers);
  expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow();
});

test('another body, id or time does not pass', () => {
  const secret = newSecret();
  const headers = signedHeaders(letter, [secret]);
  const verify = (text: string, more = {}) =>
    new Webhook(secret).verify(text, { ...headers, ...more });
  expect(() => verify(`${body} `)).toThrow();
  expect(() => verify(body, { 'webhook-id': 'evt_2' })).toThrow();
  const later = String(Number(headers['webhook-timestamp']) + 1);
  expect(() => verify(body, { 'webhook-timestamp': later })).toThrow();
});

test('a receiver that holds no secret verifies v1a by the public key', () => {
  const { secret, privateKey, publicKey } = newKeys();
  const headers = signedHeaders(letter, [secret, privateKey]);
  new Webhook(secret).verify(body, headers);
  const text = `${letter.id}.${headers['webhook-timestamp']}.${body}`;
  const [, given = ''] = /v1a,(\S+)/.exec(headers['webhook-signature'] ?? '') ?? [];
  const signature = Buffer.from(given, 'base64');
  const key = Buffer.from(publicKey.replace('whpk_', ''), 'base64');
  const known = [{ id: 'a', algorithm: 'ed25519' as const, key }];
  expect(verifySignature(known, 'a', { text, signature })).toBe(true);
  expect(verifySignature(known, 'a', { text: `${text} `, signature })).toBe(false);
});
