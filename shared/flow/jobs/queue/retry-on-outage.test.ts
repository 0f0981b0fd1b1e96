import { expect, test } from 'bun:test';
import { DatabaseError, NetworkError, UnavailableError } from '@insightdesk/shared/errors';
import { outageDelayMs } from './retry-on-outage.ts';

const NOW = 1_000_000_000_000;
const DAY_MS = 86_400_000;
const storage = new NetworkError('connection refused', { code: 'STORAGE_UNAVAILABLE' });
const mail = new UnavailableError('circuit open', { code: 'MAIL_UNAVAILABLE' });
const database = new DatabaseError('connection refused', { code: 'DATABASE_UNAVAILABLE' });
const full = new Error('script', { cause: new Error('OOM command not allowed') });

const delayAfter = (error: unknown, { starts = 1, made = 0, age = 0, delay = 0 } = {}) =>
  outageDelayMs(
    error,
    { timestamp: NOW - age, attemptsStarted: starts, attemptsMade: made, opts: { delay } },
    NOW,
  );

test('outageDelayMs grows with each run, up to ten minutes', () => {
  const starts = [1, 2, 3, 12, 15, 1_000];
  expect(starts.map((n) => delayAfter(storage, { starts: n }))).toEqual([
    2_000,
    3_000,
    4_500,
    2_000 * 1.5 ** 11,
    2_000 * 1.5 ** 14,
    600_000,
  ]);
});

test('outageDelayMs ignores attempts that failed for another reason', () => {
  expect(delayAfter(mail, { starts: 4, made: 3 })).toBe(2_000);
});

test('outageDelayMs is undefined a day after the job was due', () => {
  expect(delayAfter(mail, { age: DAY_MS })).toBe(2_000);
  expect(delayAfter(mail, { age: DAY_MS + 1 })).toBeUndefined();
  expect(delayAfter(mail, { age: 30 * DAY_MS, delay: 29 * DAY_MS })).toBe(2_000);
});

test('outageDelayMs has no limit for an unavailable database and a full Valkey', () => {
  for (const error of [database, full]) {
    expect(delayAfter(error, { age: 30 * DAY_MS, starts: 500 })).toBe(2_000);
  }
});

test('outageDelayMs is undefined for other errors', () => {
  for (const error of [new Error('bug'), new NetworkError('cut off'), 'text', undefined]) {
    expect(delayAfter(error)).toBeUndefined();
  }
});
