import { expect, test } from 'bun:test';
import { createSecrets } from './secrets.ts';

const [old, now] = ['the key of yesterday, long enough', 'the key of today, which is long enough'];
const secrets = createSecrets(now, [old]);

test.each(['', 'GEZDGNBV', 'ünï🔑', 'x'.repeat(10_000)])(
  'what was encrypted is read again',
  (text) => {
    const sealed = secrets.encrypt('totp', text, 'usr_1');
    expect(secrets.decrypt('totp', sealed, 'usr_1')).toBe(text);
    expect(secrets.encrypt('totp', text, 'usr_1')).not.toBe(sealed);
    if (text.length > 3) expect(sealed).not.toContain(text);
  },
);

test('for another purpose or owner, or changed in any place, it does not open', () => {
  const sealed = secrets.encrypt('totp', 'GEZDGNBV', 'usr_1');
  const refused = { code: 'SECRET_UNREADABLE' };
  const attempts = [
    () => secrets.decrypt('webhook', sealed, 'usr_1'),
    () => secrets.decrypt('totp', sealed, 'usr_2'),
    () => secrets.decrypt('totp', sealed),
    () => secrets.decrypt('totp","usr_1' as never, sealed),
    () => secrets.decrypt('totp', 'plain', 'usr_1'),
    () => secrets.decrypt('totp', '', 'usr_1'),
    () => createSecrets('a key of somebody else, long enough').decrypt('totp', sealed, 'usr_1'),
  ];
  for (let at = 14; at < sealed.length; at++) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
    const isSame = Buffer.from(changed.slice(14), 'base64url').equals(
      Buffer.from(sealed.slice(14), 'base64url'),
    );
    if (!isSame) attempts.push(() => secrets.decrypt('totp', changed, 'usr_1'));
  }
  for (const attempt of attempts) {
    let error: unknown;
    try {
      attempt();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject(refused);
  }
});

test('a former key still opens what it sealed, and is known for one', () => {
  const sealed = createSecrets(old).encrypt('totp', 'GEZDGNBV');
  expect(secrets.decrypt('totp', sealed)).toBe('GEZDGNBV');
  expect([sealed, 'whsec_plain'].map(secrets.isSealed)).toEqual([true, false]);
  expect([sealed, 'whsec_plain', secrets.encrypt('totp', 'x')].map(secrets.isCurrent)).toEqual([
    false,
    false,
    true,
  ]);
});
