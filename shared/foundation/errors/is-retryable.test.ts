import { expect, test } from 'bun:test';
import { DatabaseError, DomainNotFoundError, isRetryable, NetworkError } from './index.ts';

const coded = (code: string) => Object.assign(new Error('x'), { code });

const cases: [unknown, boolean][] = [
  [new NetworkError('gone'), true],
  [new NetworkError('refused for good', { retryable: false }), false],
  [new DatabaseError('deadlock', { retryable: true }), true],
  [new DatabaseError('syntax', { cause: coded('ECONNRESET') }), false],
  [new DomainNotFoundError(), false],
  [coded('40001'), true],
  [coded('ECONNREFUSED'), true],
  [coded('23505'), false],
  [new Error('wrapped', { cause: coded('40P01') }), true],
  [new DOMException('slow', 'TimeoutError'), true],
  [new DOMException('stop', 'AbortError'), false],
  [new Error('unknown'), false],
  ['text', false],
  [undefined, false],
];

test.each(cases.map(([error, expected]) => [String(error), expected, error] as const))(
  'isRetryable: %s is %p',
  (_, expected, error) => {
    expect(isRetryable(error)).toBe(expected);
  },
);

test('isRetryable: a refused connection of fetch is retryable', async () => {
  const failure = await fetch('http://127.0.0.1:1').catch((error: unknown) => error);
  expect(isRetryable(failure)).toBe(true);
});

test('isRetryable: circular causes end', () => {
  const error = new Error('a');
  error.cause = error;
  expect(isRetryable(error)).toBe(false);
});
