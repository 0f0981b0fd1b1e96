import { expect, test } from 'bun:test';
import { Webhook } from 'standardwebhooks';
import { newSecret, signedHeaders } from './signature.ts';

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
