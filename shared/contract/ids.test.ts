import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { fromUuid, idSchema, isId, toUuid } from './index.ts';

describe('ids', () => {
  const good = 'org_01h455vb4pex5vsknk084sn02q';
  test.each([
    ['cnv_01h455vb4pex5vsknk084sn02q', 'another prefix'],
    ['org_01h455vb4pex5vsknk084sn02', 'too short'],
    ['org_01h455vb4pex5vsknk084sn02qq', 'too long'],
    ['org_81h455vb4pex5vsknk084sn02q', 'more than 128 bits'],
    ['org_01h455vb4pex5vsknk084sn02l', 'a character outside the alphabet'],
    ['org_01H455VB4PEX5VSKNK084SN02Q', 'capitals'],
    [`${good}\n`, 'a line break'],
    ['', 'an empty text'],
  ])('isId and idSchema: %p is refused, %s', (wrong) => {
    expect(isId('org', wrong)).toBe(false);
    expect(idSchema('org').safeParse(wrong).success).toBe(false);
  });

  test('idSchema: accepts an id, has an error message and a JSON Schema pattern', () => {
    expect(idSchema('org').parse(good)).toBe(good);
    expect(isId('org', good)).toBe(true);
    expect(isId('org', 7)).toBe(false);
    const { error } = idSchema('org').safeParse(7);
    expect(error?.issues[0]?.message).toBe('Expected an id that starts with org_');
    expect(z.toJSONSchema(idSchema('org')).pattern).toStartWith('^org_');
  });
});

test.each([
  ['00000000-0000-0000-0000-000000000000', 'usr_00000000000000000000000000'],
  ['ffffffff-ffff-ffff-ffff-ffffffffffff', 'usr_7zzzzzzzzzzzzzzzzzzzzzzzzz'],
  ['01890a5d-ac96-774b-bcce-b302099a8057', 'usr_01h455vb4pex5vsknk084sn02q'],
] as const)('fromUuid and toUuid: %s is %s', (uuid, id) => {
  expect(fromUuid('usr', uuid)).toBe(id);
  expect(fromUuid('usr', uuid.toUpperCase())).toBe(id);
  expect(fromUuid('usr', uuid.replaceAll('-', ''))).toBe(id);
  expect(toUuid(id)).toBe(uuid);
});

test('fromUuid and toUuid: 1,000 random uuids round-trip', () => {
  const uuids = Array.from({ length: 1000 }, () => crypto.randomUUID());
  expect(uuids.map((uuid) => toUuid(fromUuid('evt', uuid)))).toEqual(uuids);
});

test.each(['usr_81h455vb4pex5vsknk084sn02q', 'usr_', 'nonsense', ''])(
  'toUuid: %p is refused',
  (text) => {
    expect(() => toUuid(text as 'usr_')).toThrow(TypeError);
  },
);
