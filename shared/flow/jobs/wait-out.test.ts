import { expect, test } from 'bun:test';
import { DatabaseError, NetworkError, UnavailableError } from '@insightdesk/shared/errors';
import { waitOut } from './wait-out.ts';

const NOW = 1_000_000_000_000;
const DAY_MS = 86_400_000;
const storage = new NetworkError('not reached', { code: 'STORAGE_UNAVAILABLE' });
const mail = new UnavailableError('rests', { code: 'MAIL_UNAVAILABLE' });
const database = new DatabaseError('gone', { code: 'DATABASE_UNAVAILABLE' });
const full = new Error('script', { cause: new Error('OOM command not allowed') });

const wait = (error: unknown, { starts = 1, made = 0, age = 0, delay = 0 } = {}) =>
  waitOut(
    error,
    { timestamp: NOW - age, attemptsStarted: starts, attemptsMade: made, opts: { delay } },
    NOW,
  );

test('ever longer, up to ten minutes', () => {
  const starts = [1, 2, 3, 12, 15, 1_000];
  expect(starts.map((n) => wait(storage, { starts: n }))).toEqual([
    2_000,
    3_000,
    4_500,
    2_000 * 1.5 ** 11,
    2_000 * 1.5 ** 14,
    600_000,
  ]);
});

test('attempts that failed of themselves do not count', () => {
  expect(wait(mail, { starts: 4, made: 3 })).toBe(2_000);
});

test('for a day since it was due', () => {
  expect(wait(mail, { age: DAY_MS })).toBe(2_000);
  expect(wait(mail, { age: DAY_MS + 1 })).toBeUndefined();
  expect(wait(mail, { age: 30 * DAY_MS, delay: 29 * DAY_MS })).toBe(2_000);
});

test('a database or a full Valkey is waited for as long as it takes', () => {
  for (const error of [database, full]) {
    expect(wait(error, { age: 30 * DAY_MS, starts: 500 })).toBe(2_000);
  }
});

test('what is the job’s own fault, or a part of an answer, is no reason to wait', () => {
  for (const error of [new Error('its own'), new NetworkError('cut off'), 'text', undefined]) {
    expect(wait(error)).toBeUndefined();
  }
});
