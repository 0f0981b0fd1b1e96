import { expect, test } from 'bun:test';
import { didYouMean } from './did-you-mean.ts';

const known = ['message.created', 'conversation.created', 'email/send.requested'];

test.each([
  ['mesage.created', 'message.created'],
  ['email.send.requested', 'email/send.requested'],
  ['message.created', 'message.created'],
  ['zzz', undefined],
  ['', undefined],
])('didYouMean: %j suggests %p', (word, expected) => {
  expect(didYouMean(word, known)).toBe(expected as string);
});

test('didYouMean: a word beyond maxDistance has no suggestion', () => {
  expect(didYouMean('mesage.created', known, 0)).toBeUndefined();
});
