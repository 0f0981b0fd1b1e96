import { expect, test } from 'bun:test';
import { isCommonPassword } from './credential-fields.ts';

test.each(['password', 'Password', '12345678', 'qwertyuiop', 'iloveyou'])(
  'isCommonPassword: %s is common',
  (password) => {
    expect(isCommonPassword(password)).toBe(true);
  },
);

test.each(['correct horse battery', 'a long enough password', 'Tr0ub4dor&3x'])(
  'isCommonPassword: %s is not common',
  (password) => {
    expect(isCommonPassword(password)).toBe(false);
  },
);
