import { describe, expect, test } from 'bun:test';
import {
  addDays,
  addHours,
  deepEqual,
  endOfDay,
  isTimeZone,
  maskEmail,
  newId,
  slugify,
  startOfDay,
  toIsoDay,
  truncate,
} from './index.ts';

test('newId: ids sort by creation, also within a millisecond', () => {
  const ids = Array.from({ length: 1000 }, () => newId('evt'));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(1000);
});

describe('dates', () => {
  const berlin = 'Europe/Berlin';
  const at = (text: string) => new Date(text);

  test('addDays: adds calendar days across a change of the clocks', () => {
    const before = at('2026-03-28T12:00:00Z');
    expect(addDays(before, 1, berlin)).toEqual(at('2026-03-29T11:00:00Z'));
    expect(addDays(before, 1)).toEqual(at('2026-03-29T12:00:00Z'));
    expect(addDays(at('2026-03-01T00:00:00Z'), -1)).toEqual(at('2026-02-28T00:00:00Z'));
    expect(addHours(before, 24)).toEqual(at('2026-03-29T12:00:00Z'));
  });

  test('startOfDay and endOfDay: depend on the time zone', () => {
    const noon = at('2026-03-29T12:00:00Z');
    expect(startOfDay(noon, berlin)).toEqual(at('2026-03-28T23:00:00Z'));
    expect(endOfDay(noon, berlin)).toEqual(at('2026-03-29T22:00:00Z'));
    expect(toIsoDay(at('2026-03-29T22:30:00Z'), berlin)).toBe('2026-03-30');
    expect(toIsoDay(at('2026-03-29T22:30:00Z'), 'America/New_York')).toBe('2026-03-29');
  });

  test('startOfDay: a day without midnight starts at its first instant', () => {
    expect(startOfDay(at('2025-04-25T12:00:00Z'), 'Africa/Cairo')).toEqual(
      at('2025-04-24T22:00:00Z'),
    );
    expect(endOfDay(at('2025-04-24T12:00:00Z'), 'Africa/Cairo')).toEqual(
      at('2025-04-24T22:00:00Z'),
    );
  });

  test('isTimeZone: an unknown time zone is refused', () => {
    expect(isTimeZone(berlin)).toBe(true);
    expect(isTimeZone('Europe/Atlantis')).toBe(false);
    expect(() => startOfDay(new Date(), 'Europe/Atlantis')).toThrow(RangeError);
  });
});

describe('strings', () => {
  test.each([
    ['Ünïcode & Größe!', 'unicode-grosse'],
    ['  --Hello   World--  ', 'hello-world'],
    ['日本', ''],
  ])('slugify: %p becomes %p', (text, slug) => {
    expect(slugify(text)).toBe(slug);
  });

  test('slugify: a cut slug does not end with a dash', () => {
    expect(slugify('abc defgh', 4)).toBe('abc');
  });

  test.each([
    ['short', 10, 'short'],
    ['exactly', 7, 'exactly'],
    ['a longer text', 9, 'a longer…'],
    ['👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 2, '👩‍👩‍👧…'],
    ['👩‍👩‍👧👩‍👩‍👧', 2, '👩‍👩‍👧👩‍👩‍👧'],
  ])('truncate: %p cut to %p characters is %p', (text, length, expected) => {
    expect(truncate(text, length)).toBe(expected);
  });

  test.each([
    ['ann.lee@example.com', 'a***@example.com'],
    ['@example.com', '***'],
    ['nonsense', '***'],
  ])('maskEmail: %p becomes %p', (email, masked) => {
    expect(maskEmail(email)).toBe(masked);
  });
});

test('deepEqual: compares structure, types and contents', () => {
  const make = () => ({ a: [1, new Map([['k', new Date(0)]])], b: new Set([1]) });
  expect(deepEqual(make(), make())).toBe(true);
  expect(deepEqual({ a: 1 }, { a: '1' })).toBe(false);
  expect(deepEqual({ a: undefined }, {})).toBe(false);
  expect(deepEqual(Number.NaN, Number.NaN)).toBe(true);
});
