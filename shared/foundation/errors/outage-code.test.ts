import { expect, test } from 'bun:test';
import { DatabaseError, NetworkError, outageCode, UnavailableError } from './index.ts';

const storage = new NetworkError('not reached', { code: 'STORAGE_UNAVAILABLE' });

test.each([
  ['of a dependency', storage, 'STORAGE_UNAVAILABLE'],
  ['with such a cause', new Error('wrapped', { cause: storage }), 'STORAGE_UNAVAILABLE'],
  [
    'of an open circuit breaker',
    new UnavailableError('x', { code: 'MAIL_UNAVAILABLE' }),
    'MAIL_UNAVAILABLE',
  ],
  [
    'of the database',
    new DatabaseError('x', { code: 'DATABASE_UNAVAILABLE' }),
    'DATABASE_UNAVAILABLE',
  ],
  ['of the network without a code', new NetworkError('x'), undefined],
  ['of another kind', new Error('unexpected'), undefined],
  ['that is only a string', 'STORAGE_UNAVAILABLE', undefined],
])('outageCode: an error %s', (_, error, code) => {
  expect(outageCode(error)).toBe(code as string);
});

test('outageCode: circular causes end', () => {
  const error = new Error('circle');
  error.cause = error;
  expect(outageCode(error)).toBeUndefined();
});
