import { describe, expect, test } from 'bun:test';
import { parseTarget } from './target.ts';
import { decoderOf, encode } from './values.ts';

describe('parseTarget', () => {
  test.each([
    ['postgres://u:p@h:6000/d', { host: 'h', port: 6000, user: 'u', password: 'p', database: 'd' }],
    ['postgres://u%40x:p%2F@[::1]/', { host: '::1', port: 5432, user: 'u@x', password: 'p/' }],
    ['postgres://u@h', { password: '', database: 'u', tls: false }],
    ['postgres://u@h/d?host=/run/postgresql', { host: '/run/postgresql' }],
    ['postgres://u@h/d?sslmode=require', { tls: 'require' }],
    ['postgres://u@h/d?ssl=true', { tls: 'require' }],
    ['postgres://u@h/d?sslmode=verify-full', { tls: 'verify' }],
  ] as const)('the URL %s is parsed', (url, target) => {
    expect(parseTarget(url, {})).toMatchObject(target);
  });

  test('an unknown sslmode is refused', () => {
    expect(() => parseTarget('postgres://u@h/d?sslmode=sure', {})).toThrow('sslmode sure');
  });
});

describe('values', () => {
  test.each([
    [16, 't', true],
    [17, '\\x00ff', Buffer.from([0, 255])],
    [20, '9007199254740993', '9007199254740993'],
    [23, '-7', -7],
    [25, 'é', 'é'],
    [3802, '{"a":[1]}', { a: [1] }],
    [1007, '{1,NULL,3}', [1, null, 3]],
    [1009, '{}', []],
    [1009, '{plain,"a,b","q\\"\\\\",NULL,"NULL",""}', ['plain', 'a,b', 'q"\\', null, 'NULL', '']],
  ])('a value of type %d is decoded: %s', (type, text, value) => {
    expect(decoderOf(type)(text)).toEqual(value as never);
  });

  test.each([
    [null, null],
    [7, '7'],
    [true, 'true'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Uint8Array([0, 255]), '\\x00ff'],
    [['a"b', 'c\\', null], '{"a\\"b","c\\\\",NULL}'],
  ])('%p is encoded as %p', (value, text) => {
    expect(encode(value)).toBe(text);
  });

  test.each([[undefined], [{}], [() => 1]])('%p is refused as a parameter', (value) => {
    expect(() => encode(value)).toThrow(TypeError);
  });
});
