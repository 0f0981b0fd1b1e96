import { expect, test } from 'bun:test';
import { email, name, text } from './fields.ts';

const isName = (value: string) => name(200).safeParse(value).success;

test.each([
  'https://evil.example',
  'Your account at evil.example',
  'www.evil',
  'write me@evil',
  'safe\u202egnihsihp',
  'a\u200bb',
  'bell\u0007',
  'two\nlines',
  'evil。example',
  '\u2066x\u2069',
  '   ',
  'x'.repeat(201),
])('%j is no name', (value) => expect(isName(value)).toBe(false));

test.each(['Dr. Ann O’Neill', 'Ünal & Söhne (1998), No. 5', '株式会社', 'علی\u200cرضا', 'A.B. C'])(
  '%j is a name',
  (value) => expect(isName(value)).toBe(true),
);

const codes = (schema: ReturnType<typeof email | typeof text>, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ code }) => code);

test('the length of an address is looked at before its pattern', () => {
  expect(codes(email(), `${'a'.repeat(300)}@`)).toEqual(['too_big']);
  expect(codes(email(), 'a@')).toEqual(['invalid_format']);
  expect(email().parse('Ada@Example.com')).toBe('ada@example.com');
});

test('the length of a text is looked at before what is in it', () => {
  expect(codes(text(10), '\0'.repeat(11))).toEqual(['too_big']);
  expect(codes(text(10), '\0')).toEqual(['custom']);
});
