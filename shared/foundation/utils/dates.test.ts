import { expect, test } from 'bun:test';
import { nextTimeOfDay } from './dates.ts';

test.each([
  ['2026-01-10T07:59:00Z', '09:00', 'Europe/Berlin', '2026-01-10T08:00:00.000Z'],
  ['2026-01-10T08:00:00Z', '09:00', 'Europe/Berlin', '2026-01-11T08:00:00.000Z'],
  // Clocks change on 29 March 2026 in Berlin, and 08:30 is after the change.
  ['2026-03-28T08:00:00Z', '08:30', 'Europe/Berlin', '2026-03-29T06:30:00.000Z'],
  ['2026-10-24T08:00:00Z', '08:30', 'Europe/Berlin', '2026-10-25T07:30:00.000Z'],
  ['2026-01-10T23:30:00Z', '09:00', 'Pacific/Auckland', '2026-01-11T20:00:00.000Z'],
  ['2026-01-10T20:30:00Z', '09:00', 'America/Los_Angeles', '2026-01-11T17:00:00.000Z'],
  ['2026-01-10T10:00:00Z', '09:15', 'UTC', '2026-01-11T09:15:00.000Z'],
])('nextTimeOfDay: after %s the next %s in %s is %s', (now, time, timeZone, expected) => {
  expect(nextTimeOfDay(new Date(now), time, timeZone).toISOString()).toBe(expected);
});

test('nextTimeOfDay: a time that the clock skips is within an hour of it', () => {
  const at = nextTimeOfDay(new Date('2026-03-28T12:00:00Z'), '02:30', 'Europe/Berlin');
  expect(Math.abs(at.getTime() - Date.parse('2026-03-29T01:00:00Z'))).toBeLessThanOrEqual(
    3_600_000,
  );
});
