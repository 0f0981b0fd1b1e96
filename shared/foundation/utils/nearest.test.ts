import { expect, test } from 'bun:test';
import { nearest } from './nearest.ts';

const known = ['message.created', 'conversation.created', 'email/send.requested'];

test.each([
  ['mesage.created', 'message.created'],
  ['email.send.requested', 'email/send.requested'],
  ['message.created', 'message.created'],
  ['zzz', undefined],
  ['', undefined],
])('%j is nearest to %p', (word, expected) => {
  expect(nearest(word, known)).toBe(expected as string);
});

test('as far as one allows', () => {
  expect(nearest('mesage.created', known, 0)).toBeUndefined();
});
