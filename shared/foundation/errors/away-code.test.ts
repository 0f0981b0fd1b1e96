import { expect, test } from 'bun:test';
import { awayCode, DatabaseError, NetworkError, UnavailableError } from './index.ts';

const storage = new NetworkError('not reached', { code: 'STORAGE_UNAVAILABLE' });

test.each([
  ['as it is', storage, 'STORAGE_UNAVAILABLE'],
  ['as a cause', new Error('wrapped', { cause: storage }), 'STORAGE_UNAVAILABLE'],
  ['resting', new UnavailableError('x', { code: 'MAIL_UNAVAILABLE' }), 'MAIL_UNAVAILABLE'],
  ['gone', new DatabaseError('x', { code: 'DATABASE_UNAVAILABLE' }), 'DATABASE_UNAVAILABLE'],
  ['cut off', new NetworkError('x'), undefined],
  ['a surprise', new Error('surprise'), undefined],
  ['a text', 'STORAGE_UNAVAILABLE', undefined],
])('%s', (_, error, code) => {
  expect(awayCode(error)).toBe(code as string);
});

test('what refers to itself ends', () => {
  const error = new Error('circle');
  error.cause = error;
  expect(awayCode(error)).toBeUndefined();
});
