import { describe, expect, test } from 'bun:test';
import { dueBetween, nextDue, type Timing } from './due-times.ts';

const berlin = (cron: string): Timing => ({ cron, timeZone: 'Europe/Berlin' });
const times = (timing: Timing, from: string, count: number) => {
  const found: string[] = [];
  for (let at = new Date(from); found.length < count; ) {
    at = nextDue(timing, at);
    found.push(at.toISOString().slice(5, 16));
  }
  return found;
};

describe('nextDue', () => {
  test.each([
    ['a nightly time follows the wall clock', '30 2 * * *', '2026-07-01T12:00Z', ['07-02T00:30']],
    [
      '02:30 that a clock change skips is due at 03:30',
      '30 2 * * *',
      '2026-03-27T12:00Z',
      ['03-28T01:30', '03-29T01:30', '03-30T00:30'],
    ],
    [
      '02:30 that a clock change repeats is due once',
      '30 2 * * *',
      '2026-10-24T12:00Z',
      ['10-25T00:30', '10-26T01:30'],
    ],
    [
      'an hourly time is due each real hour when clocks go back',
      '0 * * * *',
      '2026-10-24T23:30Z',
      ['10-25T00:00', '10-25T01:00', '10-25T02:00'],
    ],
    [
      'an hourly time is due each real hour when clocks go forward',
      '0 * * * *',
      '2026-03-29T00:30Z',
      ['03-29T01:00', '03-29T02:00'],
    ],
  ])('%s', (_, cron, from, wanted) => {
    expect(times(berlin(cron), from, wanted.length)).toEqual(wanted);
  });

  test('an interval is counted from 1970, not from the first call', () => {
    const timing = { everyMs: 15 * 60_000 };
    expect(times(timing, '2026-01-01T00:07:13Z', 2)).toEqual(['01-01T00:15', '01-01T00:30']);
    expect(times(timing, '2026-01-01T00:15:00Z', 1)).toEqual(['01-01T00:30']);
  });
});

test('dueBetween lists the newest times, oldest first, with both ends', () => {
  const daily: Timing = { cron: '0 3 * * *', timeZone: 'UTC' };
  const first = new Date('2026-01-01T03:00Z');
  const days = (now: string, max: number) =>
    dueBetween(daily, first, new Date(now), max).map((at) => at.getUTCDate());
  expect(days('2026-01-04T03:00Z', 100)).toEqual([1, 2, 3, 4]);
  expect(days('2026-01-04T02:59Z', 2)).toEqual([2, 3]);
  expect(days('2026-01-01T03:00Z', 1)).toEqual([1]);
});

test('dueBetween lists the newest 100 of a year of minutes', () => {
  const first = new Date('2025-01-01T00:00Z');
  const missed = dueBetween(
    { cron: '* * * * *', timeZone: 'UTC' },
    first,
    new Date('2026-01-01T00:00Z'),
    100,
  );
  expect(missed).toHaveLength(100);
  expect(missed.at(-1)?.toISOString()).toBe('2026-01-01T00:00:00.000Z');
});
