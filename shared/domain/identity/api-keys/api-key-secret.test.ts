import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { generateSecret, hashSecret, isApiKey, parseSecret } from './api-key-secret.ts';

const newIds = () => ({ tenantId: newId('org'), secretId: newId('ses') });

test('generateSecret: a secret contains its ids and is never generated twice', () => {
  const ids = newIds();
  const secrets = Array.from({ length: 100 }, () => generateSecret(ids));
  for (const secret of secrets) {
    expect(secret).toMatch(/^idk_[0-9A-Za-z]{92}$/);
    expect(isApiKey(secret)).toBe(true);
    expect(parseSecret(secret)).toEqual(ids);
  }
  expect(new Set(secrets.map(hashSecret)).size).toBe(100);
});

test('parseSecret: the smallest and the largest ids are parsed', () => {
  const ends = [`org_${'0'.repeat(26)}`, `org_7${'z'.repeat(25)}`] as const;
  for (const tenantId of ends) {
    const ids = { tenantId, secretId: `ses_${tenantId.slice(4)}` } as const;
    expect(parseSecret(generateSecret(ids))).toEqual(ids);
  }
});

const secret = generateSecret(newIds());
const differentFrom = (character: string) => (character === 'A' ? 'B' : 'A');

test.each([
  '',
  'idk_',
  `idk_${'z'.repeat(92)}`,
  secret.slice(0, -1),
  `${secret}0`,
  secret.replace('idk_', 'idk-'),
  `${secret.slice(0, -1)}${differentFrom(secret.at(-1) ?? '')}`,
  `idk_${differentFrom(secret[4] ?? '')}${secret.slice(5)}`,
  'idk_'.padEnd(100_000, 'a'),
])('parseSecret: %p is refused', (text) => {
  expect(parseSecret(text)).toBeUndefined();
});
