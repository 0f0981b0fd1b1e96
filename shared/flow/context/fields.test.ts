import { expect, test } from 'bun:test';
import { name } from './fields.ts';

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
