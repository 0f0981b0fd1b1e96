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
])('%p, %s: %p', (given, type, isTaken) => {
  const look = () => requireAllowedType(given, type);
  if (isTaken) look();
  else expect(look).toThrow('takes no files');
});

test.each(['', '*', '*/*', 'image', 'IMAGE/png', 'image/', 'image/p*', 'a/b c'])(
  '%p is no type',
  (type) => {
    expect(filePolicyView.safeParse(policy([type])).success).toBe(false);
  },
);
