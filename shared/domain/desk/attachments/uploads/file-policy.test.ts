import { expect, test } from 'bun:test';
import { filePolicyView, requireAllowedType } from './file-policy.ts';

const policy = (allowedTypes: string[] | null, refusedTypes: string[] = []) => ({
  maxFileBytes: null,
  allowedTypes,
  refusedTypes,
});

test.each([
  [policy(null), 'application/zip', true],
  [policy(['image/*']), 'image/png', true],
  [policy(['image/*']), 'imagex/png', false],
  [policy(['image/*']), 'application/pdf', false],
  [policy(['image/png']), 'image/png', true],
  [policy(['image/png']), 'image/png; charset=x', true],
  [policy(['image/png']), 'image/pngx', false],
  [policy([]), 'image/png', false],
  [policy(null, ['image/*']), 'image/png', false],
  [policy(['image/*'], ['image/gif']), 'image/gif', false],
  [policy(['image/*'], ['image/gif']), 'image/png', true],
])('policy %p allows %s: %p', (given, type, isAllowed) => {
  const check = () => requireAllowedType(given, type);
  if (isAllowed) check();
  else expect(check).toThrow('not allowed');
});

test.each(['', '*', '*/*', 'image', 'IMAGE/png', 'image/', 'image/p*', 'a/b c'])(
  '%p is not a valid type pattern',
  (type) => {
    expect(filePolicyView.safeParse(policy([type])).success).toBe(false);
  },
);
