import { expect, test } from 'bun:test';
import { isCommonPassword } from './is-common-password.ts';

test.each(['password', 'Password', '12345678', 'qwertyuiop', 'iloveyou'])('%s is common', (one) => {
  expect(isCommonPassword(one)).toBe(true);
});

test.each(['correct horse battery', 'a long enough password', 'Tr0ub4dor&3x'])(
  '%s is not',
  (one) => {
    expect(isCommonPassword(one)).toBe(false);
  },
);
