import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import {
  addDays,
  addHours,
  addSeconds,
  deepEqual,
  endOfDay,
  fromUuid,
  idSchema,
  isId,
  isTimeZone,
  maskEmail,
  newId,
  slugify,
  startOfDay,
  toIsoDay,
  toUuid,
  truncate,
} from './index.ts';

describe('ids', () => {
  test('an id and its uuid are the same thing', () => {
    const id = newId('cnv');
    expect(id).toMatch(/^cnv_[0-9a-z]{26}$/);
    expect(toUuid(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(fromUuid('cnv', toUuid(id))).toBe(id);
    expect(fromUuid('msg', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe(
      'msg_01h455vb4pex5vsknk084sn02q',
    );
  });

  test('ids sort by creation, also within a millisecond', () => {
    const ids = Array.from({ length: 1000 }, () => newId('evt'));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(1000);
  });

  const good = 'org_01h455vb4pex5vsknk084sn02q';
  test.each([
    ['cnv_01h455vb4pex5vsknk084sn02q', 'another prefix'],
    ['org_01h455vb4pex5vsknk084sn02', 'too short'],
    ['org_01h455vb4pex5vsknk084sn02qq', 'too long'],
    ['org_81h455vb4pex5vsknk084sn02q', 'more than 128 bits'],
    ['org_01h455vb4pex5vsknk084sn02l', 'a letter outside the alphabet'],
    ['org_01H455VB4PEX5VSKNK084SN02Q', 'capitals'],
    [`${good}\n`, 'a line break'],
    ['', 'nothing'],
  ])('%p is refused: %s', (wrong) => {
    expect(isId('org', wrong)).toBe(false);
    expect(idSchema('org').safeParse(wrong).success).toBe(false);
  });

  test('the schema accepts, says what it wants, and has a pattern for documents', () => {
    expect(idSchema('org').parse(good)).toBe(good);
    expect(isId('org', good)).toBe(true);
    expect(isId('org', 7)).toBe(false);
    const { error } = idSchema('org').safeParse(7);
    expect(error?.issues[0]?.message).toBe('Expected an id that begins with org_');
    expect(z.toJSONSchema(idSchema('org')).pattern).toStartWith('^org_');
  });
});

describe('dates', () => {
  const berlin = 'Europe/Berlin';
  const at = (text: string) => new Date(text);

  test('a day is a calendar day, also when the clocks change', () => {
    const before = at('2026-03-28T12:00:00Z');
    expect(addDays(before, 1, berlin)).toEqual(at('2026-03-29T11:00:00Z'));
    expect(addDays(before, 1)).toEqual(at('2026-03-29T12:00:00Z'));
    expect(addDays(at('2026-03-01T00:00:00Z'), -1)).toEqual(at('2026-02-28T00:00:00Z'));
    expect(addHours(before, 24)).toEqual(at('2026-03-29T12:00:00Z'));
    expect(addSeconds(before, 1.5)).toEqual(at('2026-03-28T12:00:01.500Z'));
  });

  test('days begin and end where people live', () => {
    const noon = at('2026-03-29T12:00:00Z');
    expect(startOfDay(noon, berlin)).toEqual(at('2026-03-28T23:00:00Z'));
    expect(endOfDay(noon, berlin)).toEqual(at('2026-03-29T22:00:00Z'));
    expect(toIsoDay(at('2026-03-29T22:30:00Z'), berlin)).toBe('2026-03-30');
    expect(toIsoDay(at('2026-03-29T22:30:00Z'), 'America/New_York')).toBe('2026-03-29');
  });

  test('a day whose midnight does not exist begins at its first instant', () => {
    expect(startOfDay(at('2025-04-25T12:00:00Z'), 'Africa/Cairo')).toEqual(
      at('2025-04-24T22:00:00Z'),
    );
    expect(endOfDay(at('2025-04-24T12:00:00Z'), 'Africa/Cairo')).toEqual(
      at('2025-04-24T22:00:00Z'),
    );
  });

  test('zones are known or refused', () => {
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
  ])('the slug of %p is %p', (text, slug) => {
    expect(slugify(text)).toBe(slug);
  });

  test('a slug is cut without a dash at its end', () => {
    expect(slugify('abc defgh', 4)).toBe('abc');
  });

  test.each([
    ['short', 10, 'short'],
    ['exactly', 7, 'exactly'],
    ['a longer text', 9, 'a longer…'],
    ['👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 2, '👩‍👩‍👧…'],
    ['👩‍👩‍👧👩‍👩‍👧', 2, '👩‍👩‍👧👩‍👩‍👧'],
  ])('%p in %p characters is %p', (text, length, expected) => {
    expect(truncate(text, length)).toBe(expected);
  });

  test.each([
    ['ann.lee@example.com', 'a***@example.com'],
    ['@example.com', '***'],
    ['nonsense', '***'],
  ])('%p is shown as %p', (email, masked) => {
    expect(maskEmail(email)).toBe(masked);
  });
});

test('deep equality looks inside and at types', () => {
  const make = () => ({ a: [1, new Map([['k', new Date(0)]])], b: new Set([1]) });
  expect(deepEqual(make(), make())).toBe(true);
  expect(deepEqual({ a: 1 }, { a: '1' })).toBe(false);
  expect(deepEqual({ a: undefined }, {})).toBe(false);
  expect(deepEqual(Number.NaN, Number.NaN)).toBe(true);
});
