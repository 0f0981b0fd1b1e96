import { expect, test } from 'bun:test';
import { createPasswords } from './passwords.ts';

const passwords = createPasswords();
const PLAIN = 'correct horse battery';

test('passwords: a hash is argon2id and matches its password only', async () => {
  const hash = await passwords.hash(PLAIN);
  expect(hash).toStartWith('$argon2id$v=19$m=19456,t=2,');
  expect(passwords.isOutdated(hash)).toBe(false);
  expect(await passwords.verify(PLAIN, hash)).toBe(true);
  expect(await passwords.verify(`${PLAIN} `, hash)).toBe(false);
});

test.each(['$2a$', '$2b$', '$2y$'])(
  'passwords: a bcrypt hash %s of another system is verified and outdated',
  async (kind) => {
    const made = await Bun.password.hash(PLAIN, { algorithm: 'bcrypt', cost: 4 });
    const hash = made.replace('$2b$', kind);
    expect(await passwords.verify(PLAIN, hash)).toBe(true);
    expect(await passwords.verify('another one', hash)).toBe(false);
    expect(passwords.isOutdated(hash)).toBe(true);
  },
);

test('passwords: bcrypt compares the first 72 bytes', async () => {
  const hash = await Bun.password.hash('a'.repeat(72), { algorithm: 'bcrypt', cost: 4 });
  expect(await passwords.verify('a'.repeat(90), hash)).toBe(true);
  expect(await passwords.verify('a'.repeat(71), hash)).toBe(false);
});

test.each([
  [{ algorithm: 'argon2id', memoryCost: 8_192, timeCost: 2 }],
  [{ algorithm: 'argon2id', memoryCost: 19_456, timeCost: 1 }],
  [{ algorithm: 'argon2i', memoryCost: 19_456, timeCost: 3 }],
] as const)('passwords: %p is outdated', async (options) => {
  const hash = await Bun.password.hash(PLAIN, options);
  expect(await passwords.verify(PLAIN, hash)).toBe(true);
  expect(passwords.isOutdated(hash)).toBe(true);
});

test.each([undefined, '-', '', '$2b$', 'decoy of unknown users'])(
  'passwords: the missing or invalid hash %p matches nothing',
  async (hash) => {
    expect(await passwords.verify('decoy of unknown users', hash)).toBe(false);
  },
);

test('passwords: concurrent and waiting hashes are limited, more get a 503', async () => {
  const small = createPasswords({ memoryCost: 8, timeCost: 1, concurrency: 2, maxWaiting: 3 });
  const outcomes = await Promise.allSettled(Array.from({ length: 9 }, () => small.hash(PLAIN)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue;
    expect(outcome.reason).toMatchObject({ status: 503, headers: { 'Retry-After': '2' } });
  }
  expect(await small.hash(PLAIN)).toStartWith('$argon2id$');
});
