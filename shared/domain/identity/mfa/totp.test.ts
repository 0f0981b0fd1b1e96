import { expect, test } from 'bun:test';
import { findStep, generateTotpSecret, totpUrl } from './totp.ts';

/** RFC 6238, appendix B; the last six of its eight digits. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [2_000_000_000, '279037'],
])('findStep: the code at %d s is the one of RFC 6238', (seconds, code) => {
  expect(findStep(secret, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
});

test('findStep: the clocks may differ by one step', () => {
  const seen = [-60, -30, 0, 30, 60].map((by) =>
    findStep(secret, '081804', (1_111_111_109 + by) * 1000),
  );
  expect(seen).toEqual([undefined, 37_037_036, 37_037_036, 37_037_036, undefined]);
});

test('findStep: text other than six digits is refused', () => {
  for (const code of ['', '81804', '0818040', '08180a', ' 81804', '٠٨١٨٠٤']) {
    expect(findStep(secret, code, 1_111_111_109_000)).toBeUndefined();
  }
});

test('totpUrl: has the secret and the issuer', () => {
  const generated = generateTotpSecret();
  expect(generated).toMatch(/^[A-Z2-7]{32}$/);
  const url = new URL(totpUrl(generated, 'ann@example.com', 'InsightDesk'));
  expect(url.protocol).toBe('otpauth:');
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    secret: generated,
    issuer: 'InsightDesk',
  });
});
