import { expect, test } from 'bun:test';
import { displayName, email, text } from './fields.ts';

const isName = (value: string) => displayName(200).safeParse(value).success;

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
])('displayName: %j is rejected', (value) => expect(isName(value)).toBe(false));

test.each(['Dr. Ann O’Neill', 'Ünal & Söhne (1998), No. 5', '株式会社', 'علی\u200cرضا', 'A.B. C'])(
  'displayName: %j is accepted',
  (value) => expect(isName(value)).toBe(true),
);

const codes = (schema: ReturnType<typeof email | typeof text>, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ code }) => code);

test('email: the length is checked before the pattern', () => {
  expect(codes(email(), `${'a'.repeat(300)}@`)).toEqual(['too_big']);
  expect(codes(email(), 'a@')).toEqual(['invalid_format']);
  expect(email().parse('Ada@Example.com')).toBe('ada@example.com');
});

test('text: the length is checked before the content', () => {
  expect(codes(text(10), '\0'.repeat(11))).toEqual(['too_big']);
  expect(codes(text(10), '\0')).toEqual(['custom']);
});
