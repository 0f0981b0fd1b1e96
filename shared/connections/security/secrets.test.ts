import { expect, test } from 'bun:test';
import { createSecrets } from './secrets.ts';

const secrets = createSecrets('a secret of the test that is long enough');

test('what was encrypted is read again, and looks different each time', () => {
  const kept = secrets.encrypt('totp', 'GEZDGNBV');
  expect(secrets.decrypt('totp', kept)).toBe('GEZDGNBV');
  expect(secrets.encrypt('totp', 'GEZDGNBV')).not.toBe(kept);
  expect(Buffer.from(kept, 'base64url').toString('latin1')).not.toContain('GEZDGNBV');
});

test('nothing else is: another purpose, another secret, a changed or cut text', () => {
  const kept = secrets.encrypt('totp', 'GEZDGNBV');
  const changed = `${kept.slice(0, -2)}${kept.endsWith('AA') ? 'BB' : 'AA'}`;
  const other = createSecrets('another secret of the test, long enough too');
  expect(() => secrets.decrypt('client', kept)).toThrow();
  expect(() => other.decrypt('totp', kept)).toThrow();
  for (const text of [changed, kept.slice(0, 20), '']) {
    expect(() => secrets.decrypt('totp', text)).toThrow();
  }
});
