import { expect, test } from 'bun:test';
import { createEncryption } from './encryption.ts';

const [oldKey, currentKey] = [
  'the key of yesterday, long enough',
  'the key of today, which is long enough',
];
const encryption = createEncryption(currentKey, [oldKey]);

test.each(['', 'GEZDGNBV', 'ünï🔑', 'x'.repeat(10_000)])(
  'encryption: the text %p is decrypted again',
  (text) => {
    const encrypted = encryption.encrypt('totp', text, 'usr_1');
    expect(encryption.decrypt('totp', encrypted, 'usr_1')).toBe(text);
    expect(encryption.encrypt('totp', text, 'usr_1')).not.toBe(encrypted);
    if (text.length > 3) expect(encrypted).not.toContain(text);
  },
);

test('encryption: another purpose or owner and any changed character are refused', () => {
  const encrypted = encryption.encrypt('totp', 'GEZDGNBV', 'usr_1');
  const refused = { code: 'SECRET_UNREADABLE' };
  const attempts = [
    () => encryption.decrypt('webhook', encrypted, 'usr_1'),
    () => encryption.decrypt('totp', encrypted, 'usr_2'),
    () => encryption.decrypt('totp', encrypted),
    () => encryption.decrypt('totp","usr_1' as never, encrypted),
    () => encryption.decrypt('totp', 'plain', 'usr_1'),
    () => encryption.decrypt('totp', '', 'usr_1'),
    () =>
      createEncryption('a key of another installation, long enough').decrypt(
        'totp',
        encrypted,
        'usr_1',
      ),
  ];
  for (let index = 14; index < encrypted.length; index++) {
    const other = encrypted[index] === 'A' ? 'B' : 'A';
    const changed = encrypted.slice(0, index) + other + encrypted.slice(index + 1);
    const isSame = Buffer.from(changed.slice(14), 'base64url').equals(
      Buffer.from(encrypted.slice(14), 'base64url'),
    );
    if (!isSame) attempts.push(() => encryption.decrypt('totp', changed, 'usr_1'));
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

test('encryption: a previous key decrypts its texts, which are not current', () => {
  const encrypted = createEncryption(oldKey).encrypt('totp', 'GEZDGNBV');
  expect(encryption.decrypt('totp', encrypted)).toBe('GEZDGNBV');
  expect([encrypted, 'whsec_plain'].map(encryption.isEncrypted)).toEqual([true, false]);
  expect(
    [encrypted, 'whsec_plain', encryption.encrypt('totp', 'x')].map(encryption.isCurrent),
  ).toEqual([false, false, true]);
});
