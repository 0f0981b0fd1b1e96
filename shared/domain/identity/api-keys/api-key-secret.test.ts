import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { hashSecret, isApiKey, generateSecret, parseSecret } from './api-key-secret.ts';

const name = () => ({ tenantId: newId('org'), secretId: newId('ses') });

test('a secret names its organisation and itself, and is no other even for the same name', () => {
  const one = name();
  const secrets = Array.from({ length: 100 }, () => generateSecret(one));
  for (const secret of secrets) {
    expect(secret).toMatch(/^idk_[0-9A-Za-z]{92}$/);
    expect(isApiKey(secret)).toBe(true);
    expect(parseSecret(secret)).toEqual(one);
  }
  expect(new Set(secrets.map(hashSecret)).size).toBe(100);
});

test('the ends of the range of ids survive', () => {
  const ends = [`org_${'0'.repeat(26)}`, `org_7${'z'.repeat(25)}`] as const;
  for (const tenantId of ends) {
    const one = { tenantId, secretId: `ses_${tenantId.slice(4)}` } as const;
    expect(parseSecret(generateSecret(one))).toEqual(one);
  }
});

const good = generateSecret(name());
const other = (letter: string) => (letter === 'A' ? 'B' : 'A');

test.each([
  '',
  'idk_',
  `idk_${'z'.repeat(92)}`,
  good.slice(0, -1),
  `${good}0`,
  good.replace('idk_', 'idk-'),
  `${good.slice(0, -1)}${other(good.at(-1) ?? '')}`,
  `idk_${other(good[4] ?? '')}${good.slice(5)}`,
  'idk_'.padEnd(100_000, 'a'),
])('%p is no secret', (text) => {
  expect(parseSecret(text)).toBeUndefined();
});
