import { expect, test } from 'bun:test';
import { verify as verifySignature } from '@insightdesk/shared/utils';
import { Webhook } from 'standardwebhooks';
import { newKeys, signedHeaders } from './signature.ts';

const newSecret = () => newKeys().secret;

const body = JSON.stringify({ type: 'message.created', data: { body: 'Grüße ✓' } });
const delivery = { id: 'evt_1', at: new Date(), body };

test('the Standard Webhooks library verifies a signed delivery', () => {
  const secret = newSecret();
  expect(new Webhook(secret).verify(body, signedHeaders(delivery, [secret]))).toEqual(
    JSON.parse(body),
  );
});

test('a delivery signed during rotation verifies with the old and the new secret', () => {
  const [old, fresh] = [newSecret(), newSecret()];
  const headers = signedHeaders(delivery, [fresh, old]);
  for (const secret of [old, fresh]) new Webhook(secret).verify(body, headers);
  expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow();
});

test('verification fails for another body, id or time', () => {
  const secret = newSecret();
  const headers = signedHeaders(delivery, [secret]);
  const verify = (text: string, more = {}) =>
    new Webhook(secret).verify(text, { ...headers, ...more });
  expect(() => verify(`${body} `)).toThrow();
  expect(() => verify(body, { 'webhook-id': 'evt_2' })).toThrow();
  const later = String(Number(headers['webhook-timestamp']) + 1);
  expect(() => verify(body, { 'webhook-timestamp': later })).toThrow();
});

test('v1a signatures verify with the public key', () => {
  const { secret, privateKey, publicKey } = newKeys();
  const headers = signedHeaders(delivery, [secret, privateKey]);
  new Webhook(secret).verify(body, headers);
  const text = `${delivery.id}.${headers['webhook-timestamp']}.${body}`;
  const [, given = ''] = /v1a,(\S+)/.exec(headers['webhook-signature'] ?? '') ?? [];
  const signature = Buffer.from(given, 'base64');
  const key = Buffer.from(publicKey.replace('whpk_', ''), 'base64');
  const known = [{ id: 'a', algorithm: 'ed25519' as const, key }];
  expect(verifySignature(known, 'a', { text, signature })).toBe(true);
  expect(verifySignature(known, 'a', { text: `${text} `, signature })).toBe(false);
});
